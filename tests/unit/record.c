/* SPDX-License-Identifier: MIT */
/* record: what is written is what is read, and what is not a record is none. */
#include "launcher/record.h"

static const char whole[] =
	"pid 4242\nstarted 100\nprofile /home/ann/my vms/win 10.ini\nmemory 4096\n"
	"tap tap0 192.168.50.1/24 fd00:5a17::1/64\ntap tap1\n"
	"guest 192.168.50.2\ndisplay vnc /run/vnc.sock\nconsole /run/a b.sock\nssh 192.168.50.2 2222\n"
	"ssh-user ann\nend\n";

static void test_round_trip(void)
{
	g_autoptr(Record) record = record_parse(whole);
	g_autofree char *text = NULL;

	g_assert_nonnull(record);
	g_assert_cmpint(record->pid, ==, 4242);
	g_assert_cmpint(record->started, ==, 100);
	g_assert_cmpstr(record->profile, ==, "/home/ann/my vms/win 10.ini");
	g_assert_cmpuint(record->memory, ==, 4096);
	g_assert_cmpuint(record->taps->len, ==, 2);
	g_assert_cmpuint(record->guests->len, ==, 1);
	g_assert_cmpint(record_uptime(record), >=, 0);
	text = record_print(record);
	g_assert_cmpstr(text, ==, whole);
}

static void test_newline(void)
{
	g_autoptr(Record) record = record_parse(whole), again = NULL;
	g_autofree char *text = NULL;

	g_free(record->profile);
	record->profile = g_strdup("/a\npid 1\nend\n.ini");
	text = record_print(record);
	again = record_parse(text);
	g_assert_cmpint(again->pid, ==, 4242);
	g_assert_cmpstr(again->profile, ==, "/a?pid 1?end?.ini");
}

/* Each is a record, or not. */
static const struct {
	const char *text;
	gboolean is_record;
} rows[] = {
	{ "pid 1\nprofile /a\nend\n", TRUE },
	{ "pid 1\nprofile /a\nend", TRUE },
	{ "pid 1\nprofile /a\nlater word\nend\n", TRUE },
	{ "pid 1\npid 2\nprofile /a\nprofile /b\nend\n", TRUE },
	{ "pid 1\nprofile /a\n", FALSE },
	{ "pid 1\nend\n", FALSE },
	{ "profile /a\nend\n", FALSE },
	{ "pid 0\nprofile /a\nend\n", FALSE },
	{ "pid -1\nprofile /a\nend\n", FALSE },
	{ "pid 99999999999\nprofile /a\nend\n", FALSE },
	{ "pid 1\nmemory much\nprofile /a\nend\n", FALSE },
	{ "pid 1\nstarted \nprofile /a\nend\n", FALSE },
	{ "pid 1\n\nprofile /a\nend\n", FALSE },
	{ "1\n/a\n", FALSE },
	{ "garbage", FALSE },
	{ "", FALSE },
};

static void test_rows(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Record) record = record_parse(rows[i].text);

		g_test_message("%s", rows[i].text);
		g_assert_cmpint(record != NULL, ==, rows[i].is_record);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/record/round-trip", test_round_trip);
	g_test_add_func("/record/newline", test_newline);
	g_test_add_func("/record/rows", test_rows);
	return g_test_run();
}
