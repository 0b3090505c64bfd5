/* SPDX-License-Identifier: MIT */
/*
 * The helper as it is installed, and what its policy would let a user ask of it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <linux/capability.h>

#include "platform/linux/helper-file.h"
#include "platform/linux/request.h"
#include "platform/survey.h"

/* ---- the helper ---- */

gboolean survey_helper(SurveyTell tell, gpointer data)
{
	g_autofree char *why = NULL;

	if (access(HELPER_PATH, F_OK) < 0 && errno == ENOENT) {
		tell(SURVEY_ERROR, EX_OSFILE, HELPER_PATH,
			"is missing; install it with: make install", data);
		return FALSE;
	}
	if (helper_file_is_ours_to_run())
		return TRUE;
	why = helper_file_explain_refusal();
	tell(SURVEY_ERROR, EX_NOPERM, HELPER_PATH, why, data);
	return FALSE;
}

void survey_capability(SurveyTell tell, gpointer data)
{
	if (getuid() != 0 && !helper_file_has_capabilities() &&
		!(helper_file_capabilities() & 1 << CAP_NET_ADMIN))
		tell(SURVEY_ERROR, EX_NOPERM, HELPER_PATH,
			"has no capability; an administrator can give it: make install-privilege",
			data);
}

void survey_pkexec(SurveyTell tell, gpointer data)
{
	struct stat status;

	if (stat(PKEXEC_PATH, &status) < 0 || status.st_uid != 0 || !(status.st_mode & S_ISUID))
		tell(SURVEY_NOTE, 0, PKEXEC_PATH,
			"cannot ask for the privilege on a desktop; install polkit and its pkexec",
			data);
	else if (access(ACTION_FILE, R_OK) < 0)
		tell(SURVEY_NOTE, 0, PKEXEC_PATH,
			"cannot ask for the privilege on a desktop, since there is no " ACTION_FILE
			"; install it with: make install-privilege",
			data);
	else
		tell(SURVEY_OK, 0, PKEXEC_PATH,
			"can ask for the privilege, on a desktop and without a terminal", data);
}

/* ---- the policy ---- */

/* The words of its lines, GStrv, without comments. NULL when it cannot be read. */
static GPtrArray *read_policy(void)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	GPtrArray *policy;

	if (!g_file_get_contents(POLICY_FILE, &text, NULL, NULL))
		return NULL;
	policy = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++) {
		g_autoptr(GStrvBuilder) words = g_strv_builder_new();
		g_auto(GStrv) parts = NULL;

		lines[i][strcspn(lines[i], "#")] = '\0';
		parts = g_strsplit_set(lines[i], " \t\r", -1);
		for (guint j = 0; parts[j]; j++)
			if (*parts[j])
				g_strv_builder_add(words, parts[j]);
		g_ptr_array_add(policy, g_strv_builder_end(words));
	}
	return policy;
}

void survey_policy(SurveyTell tell, gpointer data)
{
	GPtrArray *policy = getuid() == 0 ? NULL : read_policy();

	for (guint i = 0; policy && i < policy->len; i++) {
		GStrv words = policy->pdata[i];
		g_autofree char *line = g_strjoinv(" ", words);

		if (*line)
			tell(SURVEY_OK, 0, POLICY_FILE, line, data);
	}
	if (policy)
		g_ptr_array_unref(policy);
}

/* ---- what it allows ---- */

/* A name that the shell pattern matches: tap[0-9]* -> tap0. FALSE if it is none for a tap. */
static gboolean name_from(const char *pattern, char *ret_name, size_t size)
{
	size_t n = 0;

	for (; *pattern && n < size - 1; pattern++) {
		if (*pattern == '*')
			continue;
		ret_name[n++] = *pattern == '?' ? '0' : *pattern == '[' ? pattern[1] : *pattern;
		if (*pattern == '[' && strchr(pattern, ']'))
			pattern = strchr(pattern, ']');
	}
	ret_name[n] = '\0';
	return !*pattern && request_ifname_problem(ret_name) == NULL;
}

/* Of the first prefix of each family: 10.0.0.0/8 -> 10.0.0.1/30 and 10.0.0.2. IPv6 has a /64. */
static void addresses_from(const char *prefixes, SurveyAllowance *allowance)
{
	g_auto(GStrv) list = g_strsplit(prefixes, ",", -1);

	for (guint i = 0; list[i]; i++) {
		gboolean is_v6 = strchr(list[i], ':') != NULL;
		NetAddress *host = &allowance->hosts[is_v6], *guest = &allowance->guests[is_v6];
		char *slash = strchr(list[i], '/');
		guint bits = is_v6 ? 128 : 32, len = slash ? (guint)atoi(slash + 1) : bits;

		if (host->family || len + 2 > bits)
			continue;
		*slash = '\0';
		if (inet_pton(is_v6 ? AF_INET6 : AF_INET, list[i], host->octets) != 1)
			continue;
		host->octets[bits / 8 - 1] |= 1;
		host->family = is_v6 ? 6 : 4;
		host->prefix_len = is_v6 ? MAX(64, len) : 30;
		*guest = *host;
		guest->octets[bits / 8 - 1] ^= 3;
		guest->prefix_len = bits;
	}
}

static void add_allowance(
	GArray *allowances, const char *pattern, const char *prefixes, GStrv words)
{
	SurveyAllowance allowance = {
		.nat = g_strv_contains((const char *const *)words, "nat"),
		.dhcp = g_strv_contains((const char *const *)words, "dhcp"),
	};

	if (!name_from(pattern, allowance.ifname, sizeof(allowance.ifname)))
		return;
	addresses_from(prefixes, &allowance);
	g_array_append_val(allowances, allowance);
}

GArray *survey_allowances(void)
{
	GArray *allowances = g_array_new(FALSE, TRUE, sizeof(SurveyAllowance));
	GPtrArray *policy = getuid() == 0 ? NULL : read_policy();
	const char *all[] = { "nat", "dhcp", NULL };

	if (getuid() == 0)
		add_allowance(allowances, "tap0", "192.168.50.0/24,fd00:5a17::/64", (GStrv)all);
	for (guint i = 0; policy && i < policy->len; i++) {
		GStrv words = policy->pdata[i];

		if (g_strv_length(words) >= 3 && g_str_equal(words[0], "allow"))
			add_allowance(allowances, words[1], words[2], words + 3);
	}
	if (policy)
		g_ptr_array_unref(policy);
	return allowances;
}
