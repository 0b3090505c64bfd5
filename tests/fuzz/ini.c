/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a file. ini_load compares its reading with iniparser's by itself: where the two
 * differ without a complaint of our own scan, that counts as a crash.
 */
#include "profiles/ini.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = input_write(data, size);
	g_autoptr(Problems) problems = problems_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(Ini) ini = ini_load(path, problems, &error);

	if (!ini)
		abort(); /* it is there, regular and small */
	if (!problems_verdict(problems, &error))
		input_check_readings(error->message, data, size);
	unlink(path);
	return 0;
}
