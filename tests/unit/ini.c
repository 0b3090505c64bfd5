/* SPDX-License-Identifier: MIT */
/*
 * ini: what a file says and in which line, what iniparser would misread and is refused, and what
 * is no file to read at all.
 */
#include "profiles/ini.h"

#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "tests/unit/lines.h"
#include "tests/unit/scratch.h"

#define FILE_NAME "vm.ini"
#define MIB (1024 * 1024)

typedef struct {
	const char *name;
	const char *bytes;
	size_t len;
	const char *expected;
} Row;

/* A literal may hold a NUL. */
#define ROW(name, bytes, expected)                          \
	{                                                   \
		name, bytes, sizeof(bytes) - 1, expected "" \
	}

/* ---- sound files: expected is what print_ini makes of them ---- */

static const Row sound[] = {
	ROW("empty", "", ""),
	ROW("comments-only", "# a\n; b\n\n  # c\n", ""),
	ROW("section", "[vm]\n", "1 [vm] 'vm' -\n"),
	ROW("no-newline-at-end", "[vm]\nname=a", "1 [vm] 'vm' -\n2 name='a'\n"),
	ROW("lines", "# 1\n\n[vm]\n; 4\nname = a\n\n[nic]\nmac = b\n",
		"3 [vm] 'vm' -\n5 name='a'\n7 [nic] 'nic' -\n8 mac='b'\n"),
	ROW("id", "[nic \"lan\"]\n", "1 [nic \"lan\"] 'nic' 'lan'\n"),
	ROW("ids", "[nic \"a\"]\n[nic \"b\"]\n[nic]\n",
		"1 [nic \"a\"] 'nic' 'a'\n2 [nic \"b\"] 'nic' 'b'\n3 [nic] 'nic' -\n"),
	ROW("id-characters", "[disk \"0_a-b.c\"]\n", "1 [disk \"0_a-b.c\"] 'disk' '0_a-b.c'\n"),
	ROW("names-fold-case", "[NIC \"Lan\"]\nIfName = Tap0\n",
		"1 [nic \"lan\"] 'nic' 'lan'\n2 ifname='Tap0'\n"),
	ROW("spaces-around", "  [ nic \"lan\" ] \n\t a \t=\t b \t\n",
		"1 [nic \"lan\"] 'nic' 'lan'\n2 a='b'\n"),
	ROW("crlf", "[vm]\r\nname = a\r\n\r\n# c\r\nos = \"b\"\r\n",
		"1 [vm] 'vm' -\n2 name='a'\n5 os='b'\n"),
	ROW("key-characters", "[a]\nA-b_c.9 = x\n", "1 [a] 'a' -\n2 a-b_c.9='x'\n"),

	ROW("spaces-inside", "[a]\nk = b  c\td\n", "1 [a] 'a' -\n2 k='b  c\td'\n"),
	ROW("commas", "[a]\nk = b,c, d,,e\n", "1 [a] 'a' -\n2 k='b,c, d,,e'\n"),
	ROW("equals", "[a]\nk = b=c = d\nl ==\n", "1 [a] 'a' -\n2 k='b=c = d'\n3 l='='\n"),
	ROW("brackets", "[a]\nk = [b]\n", "1 [a] 'a' -\n2 k='[b]'\n"),
	ROW("percent", "[a]\nk = %s%n%d\n", "1 [a] 'a' -\n2 k='%s%n%d'\n"),
	ROW("dollar", "[a]\nk = ${HOME}/x\n", "1 [a] 'a' -\n2 k='${HOME}/x'\n"),
	ROW("backslash", "[a]\nk = C:\\vms\\new.img\n", "1 [a] 'a' -\n2 k='C:\\vms\\new.img'\n"),
	ROW("quotes-inside", "[a]\nk = b \"c d\" 'e'\n", "1 [a] 'a' -\n2 k='b \"c d\" 'e''\n"),
	ROW("quote-at-end", "[a]\nk = b\"\n", "1 [a] 'a' -\n2 k='b\"'\n"),
	ROW("quoted", "[a]\nk = \"b c\"\n", "1 [a] 'a' -\n2 k='b c'\n"),
	ROW("quoted-hash", "[a]\nk = \"b #c;d\"\n", "1 [a] 'a' -\n2 k='b #c;d'\n"),
	ROW("quoted-hash-first", "[a]\nk = \"#b\"\nl = \";c\"\n",
		"1 [a] 'a' -\n2 k='#b'\n3 l=';c'\n"),
	ROW("quoted-spaces", "[a]\nk = \"  b  \"\n", "1 [a] 'a' -\n2 k='  b  '\n"),
	ROW("quoted-single-quotes", "[a]\nk = \"b 'c'\"\n", "1 [a] 'a' -\n2 k='b 'c''\n"),
	ROW("quoted-equals", "[a]\nk = \"b=c\"\n", "1 [a] 'a' -\n2 k='b=c'\n"),
	ROW("quoted-empty", "[a]\nk = \"\"\nl = ''\n", "1 [a] 'a' -\n2 k=''\n3 l=''\n"),
	ROW("single-quoted", "[a]\nk = 'b \"c d\" #e;f'\n", "1 [a] 'a' -\n2 k='b \"c d\" #e;f'\n"),
	ROW("unquoted-empty", "[a]\nk =\nl = \n", "1 [a] 'a' -\n2 k=''\n3 l=''\n"),
	ROW("utf-8", "[a]\nk = b\303\274cher\nl = \"\342\202\254\"\n",
		"1 [a] 'a' -\n2 k='b\303\274cher'\n3 l='\342\202\254'\n"),
	ROW("latin-1", "[a]\nk = b\374cher\nl = \"\240\377\"\nm = \240\n",
		"1 [a] 'a' -\n2 k='b\374cher'\n3 l='\240\377'\n4 m='\240'\n"),
	ROW("same-key-elsewhere", "[a]\nk = b\n[c]\nk = d\n",
		"1 [a] 'a' -\n2 k='b'\n3 [c] 'c' -\n4 k='d'\n"),
};

/* ---- files with faults: expected is the verdict ---- */

#define AT(line) FILE_NAME ":" #line ": "
#define CUT ": a value with ';' or '#' must be in double quotes; a comment has a line of its own"
#define FOLLOWS ": nothing may follow the closing quote"
#define UNTERMINATED ": the value starts with a quote but does not end with one"
#define BACKSLASH                                                                                \
	": a backslash inside quotes is not read alike by all versions of iniparser; leave out " \
	"the quotes"
#define JOINED "a line must not end with '\\': iniparser would join the next one to it"
#define CONTROL "the line holds a control character (a profile is plain text)"
#define MARK "the file starts with a byte order mark; save it as UTF-8 without one"
#define FIRST ": stands before the first [section]"
#define NEITHER "this is neither [section], nor key = value, nor a comment"
#define BRACKET "a section header ends with its ']' and nothing follows it on the line"
#define NAMELESS "a section needs a name, like [machine]"
#define HEADER(inside)                                                                             \
	"[" inside "] is not a section header, like [machine] or [nic \"lan\"]; an id is made of " \
	"letters, digits, '-', '_' and '.'"
#define AGAIN(inside, line) "[" inside "] stands here a second time; the first is in line " #line
#define KEY_AGAIN(key, header, line) \
	"[" header "] " key ": stands a second time; the first is in line " #line

static const Row faulty[] = {
	ROW("cut-at-semicolon", "[boot]\nappend = console=ttyS0;quiet\n",
		AT(2) "[boot] append" CUT),
	ROW("cut-at-hash", "[a]\nk = b#c\n", AT(2) "[a] k" CUT),
	ROW("comment-behind-value", "[a]\nk = b # c\n", AT(2) "[a] k" CUT),
	ROW("comment-for-value", "[a]\nk = # c\nl = ;\n", AT(2) "[a] k" CUT "\n" AT(3) "[a] l" CUT),
	ROW("hash-behind-inner-quotes", "[a]\nk = b \"c #d\"\n", AT(2) "[a] k" CUT),
	ROW("text-behind-quote", "[a]\nk = \"b\" c\n", AT(2) "[a] k" FOLLOWS),
	ROW("comment-behind-quote", "[a]\nk = \"b\" # c\n", AT(2) "[a] k" FOLLOWS),
	ROW("two-quoted", "[a]\nk = \"b\" \"c\"\nl = 'b' 'c'\n",
		AT(2) "[a] k" FOLLOWS "\n" AT(3) "[a] l" FOLLOWS),
	ROW("escaped-quote", "[a]\nk = \"b \\\" c\"\n", AT(2) "[a] k" FOLLOWS),
	ROW("unterminated", "[a]\nk = \"b\n", AT(2) "[a] k" UNTERMINATED),
	ROW("unterminated-single", "[a]\nk = 'b\nl = it's\nm = 'tis\n",
		AT(2) "[a] k" UNTERMINATED "\n" AT(4) "[a] m" UNTERMINATED),
	ROW("other-quote-at-end", "[a]\nk = \"b'\n", AT(2) "[a] k" UNTERMINATED),
	ROW("lone-quote", "[a]\nk = \"\n", AT(2) "[a] k" UNTERMINATED),
	ROW("quoted-backslash", "[a]\nk = \"C:\\vms\\new.img\"\n", AT(2) "[a] k" BACKSLASH),
	ROW("single-quoted-backslash", "[a]\nk = 'a\\b'\n", AT(2) "[a] k" BACKSLASH),
	ROW("joined-value", "[a]\nk = C:\\\nl = b\n", AT(2) JOINED),
	ROW("joined-value-space", "[a]\nk = C:\\ \nl = b\n", AT(2) JOINED),
	ROW("joined-value-crlf", "[a]\r\nk = C:\\\r\nl = b\r\n", AT(2) JOINED),
	ROW("joined-comment", "[a]\n# b\\\nk = c\n", AT(2) JOINED),
	ROW("joined-header", "[a]\\\nk = c\n", AT(1) JOINED "\n" AT(2) "k" FIRST),
	ROW("nul", "[a]\nk = b\0c\nl = d\n", AT(2) CONTROL),
	ROW("nul-in-comment", "[a]\n# b\0c\n", AT(2) CONTROL),
	ROW("control", "[a]\nk = b\033[0m\nl = c\177\nm = d\013\n",
		AT(2) CONTROL "\n" AT(3) CONTROL "\n" AT(4) CONTROL),
	ROW("utf-16", "\377\376[\0a\0]\0\n\0", AT(1) CONTROL "\n" AT(2) CONTROL),
	ROW("byte-order-mark", "\357\273\277[a]\nk = b\n", AT(1) MARK),
	ROW("byte-order-mark-later", "[a]\n\357\273\277k = b\n", AT(2) NEITHER),
	ROW("no-section", "name = a\n", AT(1) "name" FIRST),
	ROW("key-before-section", "# c\nname = a\n[vm]\narch = b\n", AT(2) "name" FIRST),
	ROW("cut-before-section", "k = b;c\n", AT(1) "k" CUT "\n" AT(1) "k" FIRST),
	ROW("no-equals", "[a]\nreadonly\n", AT(2) NEITHER),
	ROW("no-key", "[a]\n= b\n", AT(2) NEITHER),
	ROW("key-of-two-words", "[a]\nguest address = b\n", AT(2) NEITHER),
	ROW("key-with-colon", "[a]\nb:c = d\n", AT(2) NEITHER),
	ROW("key-not-ascii", "[a]\nn\303\244me = b\n", AT(2) NEITHER),
	ROW("quoted-key", "[a]\n\"k\" = b\n", AT(2) NEITHER),
	ROW("text-behind-header", "[a] k = b\n", AT(1) BRACKET),
	ROW("comment-behind-header", "[a] # b\n", AT(1) BRACKET),
	ROW("unclosed-header", "[a\nk = b\n", AT(1) BRACKET),
	ROW("lone-bracket", "[\n", AT(1) BRACKET),
	ROW("two-brackets", "[a]]\n", AT(1) BRACKET),
	ROW("two-headers", "[a][b]\n", AT(1) BRACKET),
	ROW("nameless", "[]\nk = b\n", AT(1) NAMELESS),
	ROW("nameless-space", "[ ]\n", AT(1) NAMELESS),
	ROW("id-only", "[\"lan\"]\n", AT(1) NAMELESS),
	ROW("double-bracket", "[[a]\n", AT(1) NAMELESS),
	ROW("id-without-quotes", "[nic lan]\n", AT(1) HEADER("nic lan")),
	ROW("id-in-single-quotes", "[nic 'lan']\n", AT(1) HEADER("nic 'lan'")),
	ROW("id-half-quoted", "[nic \"lan]\n", AT(1) HEADER("nic \"lan")),
	ROW("id-empty", "[nic \"\"]\n", AT(1) HEADER("nic \"\"")),
	ROW("id-space", "[nic \"my lan\"]\n", AT(1) HEADER("nic \"my lan\"")),
	ROW("id-comma", "[nic \"a,b\"]\n", AT(1) HEADER("nic \"a,b\"")),
	ROW("id-colon", "[nic \"a:b\"]\n", AT(1) HEADER("nic \"a:b\"")),
	ROW("id-dash-first", "[nic \"-a\"]\n", AT(1) HEADER("nic \"-a\"")),
	ROW("id-not-ascii", "[nic \"\303\244\"]\n", AT(1) HEADER("nic \"\303\244\"")),
	ROW("two-ids", "[nic \"a\" \"b\"]\n", AT(1) HEADER("nic \"a\" \"b\"")),
	ROW("name-with-colon", "[a:b]\n", AT(1) HEADER("a:b")),
	ROW("duplicate-key", "[a]\nk = b\nl = c\nk = b\n", AT(4) KEY_AGAIN("k", "a", 2)),
	ROW("duplicate-key-case", "[nic \"lan\"]\nk = b\nK = c\n",
		AT(3) KEY_AGAIN("k", "nic \"lan\"", 2)),
	ROW("duplicate-key-thrice", "[a]\nk = b\nk = c\nk = d\n",
		AT(3) KEY_AGAIN("k", "a", 2) "\n" AT(4) KEY_AGAIN("k", "a", 2)),
	ROW("duplicate-section", "[vm]\nname = a\n[nic]\n[vm]\narch = b\n", AT(4) AGAIN("vm", 1)),
	ROW("duplicate-section-case", "[nic \"lan\"]\n[NIC \"LAN\"]\n",
		AT(2) AGAIN("NIC \"LAN\"", 1)),
	ROW("duplicate-section-spaces", "[nic \"lan\"]\n[ nic   \"lan\" ]\n",
		AT(2) AGAIN(" nic   \"lan\" ", 1)),
	ROW("duplicate-key-in-duplicate-section", "[a]\nk = b\n[a]\nl = c\nk = d\n",
		AT(3) AGAIN("a", 1) "\n" AT(5) KEY_AGAIN("k", "a", 2)),
	ROW("all-at-once",
		"\357\273\277name = a\n"
		"[vm\n"
		"arch = b\n"
		"[machine]\n"
		"memory = 2G # plenty\n"
		"smp 2\n"
		"[disk \"my root\"]\n"
		"file = \"a\\b\"\n"
		"[machine]\n"
		"cpu = \"max\n"
		"accel = kvm\\\n"
		"smp = 1\n"
		"smp = 2\001\n"
		"SMP = 3\n",
		"vm.ini:1: the file starts with a byte order mark; save it as UTF-8 without one\n"
		"vm.ini:1: name: stands before the first [section]\n"
		"vm.ini:2: a section header ends with its ']' and nothing follows it on the line\n"
		"vm.ini:5: [machine] memory: a value with ';' or '#' must be in double quotes; a comment has a "
		"line of its own\n"
		"vm.ini:6: this is neither [section], nor key = value, nor a comment\n"
		"vm.ini:7: [disk \"my root\"] is not a section header, like [machine] or "
		"[nic \"lan\"]; an id is made of letters, digits, '-', '_' and '.'\n"
		"vm.ini:8: file: a backslash inside quotes is not read alike by all versions of "
		"iniparser; leave out the quotes\n"
		"vm.ini:9: [machine] stands here a second time; the first is in line 4\n"
		"vm.ini:10: [machine] cpu: the value starts with a quote but does not end with one\n"
		"vm.ini:11: a line must not end with '\\': iniparser would join the next one to it\n"
		"vm.ini:13: the line holds a control character (a profile is plain text)\n"
		"vm.ini:14: [machine] smp: stands a second time; the first is in line 12"),
};

/* ---- the two tables' tests ---- */

static char *print_ini(const Ini *ini)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < ini->sections->len; i++) {
		const IniSection *section = ini->sections->pdata[i];
		const char *quote = section->id ? "'" : "";

		g_string_append_printf(text, "%u [%s] '%s' %s%s%s\n", section->line,
			section->header, section->name, quote, section->id ? section->id : "-",
			quote);
		for (guint k = 0; k < section->entries->len; k++) {
			const IniEntry *entry = section->entries->pdata[k];

			g_string_append_printf(
				text, "%u %s='%s'\n", entry->line, entry->key, entry->value);
			g_assert_true(ini_section_find(section, entry->key) == entry);
		}
		g_assert_null(ini_section_find(section, "no-such-key"));
	}
	return g_string_free(text, FALSE);
}

static void assert_verdict(Problems *problems, const char *expected)
{
	g_autoptr(GError) verdict = NULL;

	g_assert_true((problems_count(problems) > 0) == (*expected != '\0'));
	g_assert_true(problems_verdict(problems, &verdict) == (*expected == '\0'));
	assert_same_lines(verdict ? verdict->message : "", expected);
	if (verdict)
		g_assert_error(verdict, PROFILE_ERROR, EX_DATAERR);
}

static Ini *load(Problems *problems)
{
	g_autoptr(GError) error = NULL;
	Ini *ini = ini_load(FILE_NAME, problems, &error);

	g_assert_no_error(error);
	g_assert_nonnull(ini);
	return ini;
}

static void test_sound(gconstpointer data)
{
	const Row *row = data;
	g_autoptr(Problems) problems = problems_new();
	g_autoptr(Ini) ini = NULL;
	g_autofree char *text = NULL;

	scratch_write(FILE_NAME, row->bytes, row->len);
	ini = load(problems);
	assert_verdict(problems, "");
	text = print_ini(ini);
	assert_same_lines(text, row->expected);
}

static void test_faulty(gconstpointer data)
{
	const Row *row = data;
	g_autoptr(Problems) problems = problems_new();
	g_autoptr(Ini) ini = NULL;

	scratch_write(FILE_NAME, row->bytes, row->len);
	ini = load(problems);
	assert_verdict(problems, row->expected);
}

/* ---- lengths ---- */

static void check_line(const char *start, const char *end, size_t len, const char *expected)
{
	g_autoptr(Problems) problems = problems_new();
	g_autoptr(Ini) ini = NULL;
	g_autoptr(GString) text = g_string_new("[a]\n");
	g_autofree char *filling = g_strnfill(len - strlen(start) - strlen(end), 'x');

	g_string_append_printf(text, "%s%s%s\nlast = y\n", start, filling, end);
	scratch_write(FILE_NAME, text->str, text->len);
	ini = load(problems);
	assert_verdict(problems, expected);
	if (!*expected) {
		const IniSection *section = ini->sections->pdata[0];
		const IniEntry *entry = ini_section_find(section, "k");

		g_assert_cmpstr(ini_section_find(section, "last")->value, ==, "y");
		if (entry)
			g_assert_cmpstr(entry->value, ==, filling);
	}
}

static void test_long_line(void)
{
	static const char *const ends[][2] = {
		{ "k=", "" },
		{ "k = \"", "\"" },
		{ "k=", "\r" },
		{ "   k = '", "'   " },
		{ "#", "" },
		{ ";", "\r" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
		check_line(ends[i][0], ends[i][1], 1000, "");
		check_line(ends[i][0], ends[i][1], 1001,
			FILE_NAME ":2: the line is longer than 1000 bytes");
		check_line(ends[i][0], ends[i][1], 5000,
			FILE_NAME ":2: the line is longer than 1000 bytes");
	}
}

/* A file of @len bytes, all of it comment lines. */
static void write_large(size_t len)
{
	g_autofree char *bytes = g_strnfill(len, '#');

	for (size_t i = 199; i < len; i += 200)
		bytes[i] = '\n';
	scratch_write(FILE_NAME, bytes, len);
}

/* A file of @lines lines, the last of them [vm]. */
static void check_lines(guint lines, const char *expected)
{
	g_autoptr(Problems) problems = problems_new();
	g_autoptr(Ini) ini = NULL;
	g_autofree char *text = g_strnfill(lines + 4, '\n');

	memcpy(text + lines - 1, "[vm]", 4);
	scratch_write(FILE_NAME, text, lines + 4);
	ini = load(problems);
	assert_verdict(problems, expected);
	g_assert_cmpuint(ini->sections->len, ==, *expected ? 0 : 1);
}

static void test_many_lines(void)
{
	check_lines(10000, "");
	check_lines(10001, FILE_NAME ":10001: the file has more than 10000 lines");
	check_lines(20000, FILE_NAME ":10001: the file has more than 10000 lines");
}

static void test_largest_file(void)
{
	g_autoptr(Problems) problems = problems_new();
	g_autoptr(Ini) ini = NULL;

	write_large(MIB);
	ini = load(problems);
	assert_verdict(problems, "");
}

/* ---- nothing to read ---- */

static void assert_unreadable(const char *path, const char *why)
{
	g_autoptr(Problems) problems = problems_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *message = g_strdup_printf("%s: %s", path, why);

	g_assert_null(ini_load(path, problems, &error));
	g_assert_error(error, PROFILE_ERROR, EX_NOINPUT);
	g_assert_cmpstr(error->message, ==, message);
	g_assert_false((problems_count(problems) > 0));
}

static void test_missing(void)
{
	assert_unreadable("no-such.ini", "No such file or directory");
	scratch_write(FILE_NAME, "[a]\n", -1);
	assert_unreadable(FILE_NAME "/vm.ini", "Not a directory");
}

static void test_no_permission(void)
{
	if (geteuid() == 0) {
		g_test_skip("root may read everything");
		return;
	}
	scratch_write("secret.ini", "[a]\n", -1);
	g_assert_cmpint(g_chmod("secret.ini", 0), ==, 0);
	assert_unreadable("secret.ini", "Permission denied");
}

static void test_directory(void)
{
	assert_unreadable(".", "is a directory, not a profile");
}

/* A reader that blocks would hang here: there is no writer. */
static void test_fifo(void)
{
	g_assert_cmpint(mkfifo("fifo", 0600), ==, 0);
	assert_unreadable("fifo", "is not a regular file");
}

static void test_device(void)
{
	assert_unreadable("/dev/zero", "is not a regular file");
	assert_unreadable("/dev/null", "is not a regular file");
}

static void test_too_large(void)
{
	write_large(MIB + 1);
	assert_unreadable(FILE_NAME, "is larger than 1 MiB");
	write_large(3 * MIB);
	assert_unreadable(FILE_NAME, "is larger than 1 MiB");
}

/* ---- problems themselves ---- */

static void test_status(void)
{
	g_autoptr(Problems) problems = problems_new();
	g_autoptr(GError) missing = NULL;
	g_autoptr(GError) content = NULL;

	problems_add(problems, "vm.ini", 7, EX_NOINPUT, "%s: a file is missing", "file");
	problems_add(problems, "vm.ini", 0, EX_NOINPUT, "as a whole");
	g_assert_false(problems_verdict(problems, &missing));
	g_assert_error(missing, PROFILE_ERROR, EX_NOINPUT);
	g_assert_cmpstr(
		missing->message, ==, "vm.ini: as a whole\nvm.ini:7: file: a file is missing");

	problems_add(problems, "vm.ini", 7, EX_DATAERR, "later in the same line");
	problems_add(problems, "vm.ini", 3, EX_NOINPUT, "earlier");
	g_assert_false(problems_verdict(problems, &content));
	g_assert_error(content, PROFILE_ERROR, EX_DATAERR);
	g_assert_cmpstr(content->message, ==,
		"vm.ini: as a whole\nvm.ini:3: earlier\nvm.ini:7: file: a file is missing\n"
		"vm.ini:7: later in the same line");
}

/* What nobody would read is counted; the status is still that of all. */
static void test_many_problems(void)
{
	g_autoptr(Problems) problems = problems_new();
	g_autoptr(GError) all = NULL;
	g_autoptr(GError) more = NULL;

	for (guint i = 1; i <= 100; i++)
		problems_add(problems, "vm.ini", i, EX_NOINPUT, "missing");
	g_assert_false(problems_verdict(problems, &all));
	g_assert_true(g_str_has_suffix(all->message, "\nvm.ini:100: missing"));
	problems_add(problems, "vm.ini", 101, EX_DATAERR, "wrong");
	g_assert_false(problems_verdict(problems, &more));
	g_assert_true(g_str_has_suffix(more->message, "\nvm.ini:100: missing\n... and 1 more"));
	g_assert_error(more, PROFILE_ERROR, EX_DATAERR);
}

static void add_rows(const char *group, const Row *rows, guint n, GTestDataFunc test)
{
	for (guint i = 0; i < n; i++) {
		g_autofree char *path = g_strdup_printf("/ini/%s/%s", group, rows[i].name);

		g_test_add_data_func(path, &rows[i], test);
	}
}

int main(int argc, char **argv)
{
	g_autofree char *directory = NULL;
	int status;

	g_test_init(&argc, &argv, NULL);
	add_rows("sound", sound, G_N_ELEMENTS(sound), test_sound);
	add_rows("faulty", faulty, G_N_ELEMENTS(faulty), test_faulty);
	g_test_add_func("/ini/length/line", test_long_line);
	g_test_add_func("/ini/length/file", test_largest_file);
	g_test_add_func("/ini/length/lines", test_many_lines);
	g_test_add_func("/ini/unreadable/missing", test_missing);
	g_test_add_func("/ini/unreadable/no-permission", test_no_permission);
	g_test_add_func("/ini/unreadable/directory", test_directory);
	g_test_add_func("/ini/unreadable/fifo", test_fifo);
	g_test_add_func("/ini/unreadable/device", test_device);
	g_test_add_func("/ini/unreadable/too-large", test_too_large);
	g_test_add_func("/ini/problems/status", test_status);
	g_test_add_func("/ini/problems/many", test_many_problems);

	directory = scratch_enter();
	status = g_test_run();
	scratch_leave(g_steal_pointer(&directory));
	return status;
}
