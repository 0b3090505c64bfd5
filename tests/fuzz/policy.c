/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a policy, asked for some good requests. A fault allows nothing; a refusal proposes a
 * line that is understood, and allows; comments and empty lines say nothing.
 */
#include <stdint.h>

#include "tests/fuzz/policies.h"
#include "tests/fuzz/requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOTHING "\n# comment \"'\n \t\n"
#define NONSENSE "\nallow tap0 10.0.0.1/8\n"

static void check(char *text, size_t size, const Request *request)
{
	size_t more = size + strlen(NOTHING), wrong = size + strlen(NONSENSE);
	unsigned int max = 0, again = 0;
	Fault fault;
	bool allows = policies_allow(text, size, request, &max, &fault);

	if (fault.status == EX_CONFIG)
		return;
	memcpy(text + size, NONSENSE, strlen(NONSENSE));
	if (policies_allow(text, wrong, request, &again, &fault) || fault.status != EX_CONFIG)
		abort();
	memcpy(text + size, NOTHING, strlen(NOTHING));
	if (policies_allow(text, more, request, &again, &fault) != allows || again != max)
		abort();
	if (!allows)
		policies_check_proposals(text, more, request, &fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[POLICY_MAX + REQUEST_TAPS * 2048];
	Request request;

	if (size > POLICY_MAX)
		return 0;
	for (unsigned int i = 0; i < REQUESTS; i++) {
		requests_fill(&request, i);
		memcpy(text, data, size);
		check(text, size, &request);
	}
	return 0;
}
