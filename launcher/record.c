/* SPDX-License-Identifier: MIT */
#include "launcher/record.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#define END "end" /* the last line */

static gint64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return time.tv_sec;
}

static Record *new_empty(void)
{
	Record *record = g_new0(Record, 1);

	record->taps = g_ptr_array_new_with_free_func(g_free);
	record->guests = g_ptr_array_new_with_free_func(g_free);
	return record;
}

void record_free(Record *record)
{
	if (!record)
		return;
	g_ptr_array_unref(record->taps);
	g_ptr_array_unref(record->guests);
	g_free(record->profile);
	g_free(record->display);
	g_free(record->console);
	g_free(record->ssh);
	g_free(record->ssh_user);
	g_free(record);
}

/* ---- of a profile ---- */

static void add_tap(Record *record, const ProfileNic *nic)
{
	GString *text = g_string_new(nic->ifname);

	for (guint i = 0; nic->addresses && i < nic->addresses->len; i++) {
		const ProfileAddress *address = &g_array_index(nic->addresses, ProfileAddress, i);
		g_autofree char *host = value_host_text(address);

		g_string_append_printf(text, " %s/%u", host, address->prefix_len);
	}
	g_ptr_array_add(record->taps, g_string_free(text, FALSE));
}

static void add_nic(Record *record, const ProfileNic *nic)
{
	if (nic->ifname)
		add_tap(record, nic);
	for (guint i = 0; nic->guest_addresses && i < nic->guest_addresses->len; i++)
		g_ptr_array_add(record->guests,
			value_host_text(&g_array_index(nic->guest_addresses, ProfileAddress, i)));
}

static char *find_console(const Profile *profile)
{
	for (guint i = 0; i < profile->serials->len; i++) {
		const ProfileSerial *serial = profile->serials->pdata[i];

		if (g_str_equal(serial->type, "unix"))
			return g_strdup(serial->path);
	}
	return NULL;
}

/* ---- where its sshd is ---- */

#define SSH_PORT "22" /* unless the profile says so */

/* "127.0.0.1 2222" of tcp:127.0.0.1:2222-:22, or NULL if it leads to another port of the guest. */
static char *forward_text(const char *hostfwd, const char *port)
{
	g_auto(GStrv) parts = g_strsplit_set(hostfwd, ":-", -1);
	gboolean is_any;

	if (g_strv_length(parts) != 5 || !g_str_equal(parts[0], "tcp") ||
		!g_str_equal(parts[4], port))
		return NULL;
	is_any = !*parts[1] || g_str_equal(parts[1], "0.0.0.0");
	return g_strdup_printf("%s %s", is_any ? "127.0.0.1" : parts[1], parts[2]);
}

static char *find_forward(const Profile *profile, const char *port)
{
	for (guint i = 0; i < profile->nics->len; i++) {
		const ProfileNic *nic = profile->nics->pdata[i];

		for (guint j = 0; nic->hostfwd && nic->hostfwd[j]; j++) {
			char *text = forward_text(nic->hostfwd[j], port);

			if (text)
				return text;
		}
	}
	return NULL;
}

static char *find_ssh(const Profile *profile)
{
	const char *port = profile->guest->ssh_port;

	for (guint i = 0; i < profile->nics->len; i++) {
		const ProfileNic *nic = profile->nics->pdata[i];
		g_autofree char *host = NULL;

		if (!nic->guest_addresses)
			continue;
		host = value_host_text(&g_array_index(nic->guest_addresses, ProfileAddress, 0));
		return g_strjoin(" ", host, port, NULL);
	}
	return find_forward(profile, port ? port : SSH_PORT);
}

Record *record_new(const Profile *profile)
{
	const ProfileDisplay *display = profile->display;
	Record *record = new_empty();

	record->pid = getpid();
	record->started = now();
	record->profile = g_strdup(profile_real_path(profile));
	record->memory = profile->machine->memory;
	for (guint i = 0; i < profile->nics->len; i++)
		add_nic(record, profile->nics->pdata[i]);
	record->display = g_strjoin(" ", display->type, display->listen, NULL);
	record->console = find_console(profile);
	record->ssh = find_ssh(profile);
	record->ssh_user = g_strdup(profile->guest->ssh_user);
	return record;
}

/* ---- as text ---- */

/* A newline in a path must not become a line of its own. */
static void print_line(GString *text, const char *word, const char *value)
{
	gsize start = text->len;

	if (!value)
		return;
	g_string_append_printf(text, "%s %s", word, value);
	for (gsize i = start; i < text->len; i++)
		if (g_ascii_iscntrl(text->str[i]))
			text->str[i] = '?';
	g_string_append_c(text, '\n');
}

char *record_print(const Record *record)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "pid %d\n", record->pid);
	g_string_append_printf(text, "started %" G_GINT64_FORMAT "\n", record->started);
	print_line(text, "profile", record->profile);
	g_string_append_printf(text, "memory %u\n", record->memory);
	for (guint i = 0; i < record->taps->len; i++)
		print_line(text, "tap", record->taps->pdata[i]);
	for (guint i = 0; i < record->guests->len; i++)
		print_line(text, "guest", record->guests->pdata[i]);
	print_line(text, "display", record->display);
	print_line(text, "console", record->console);
	print_line(text, "ssh", record->ssh);
	print_line(text, "ssh-user", record->ssh_user);
	g_string_append(text, END "\n");
	return g_string_free(text, FALSE);
}

static gboolean parse_number(const char *text, guint64 max, guint64 *ret_number)
{
	return g_ascii_string_to_unsigned(text, 10, 0, max, ret_number, NULL);
}

static void set_text(char **field, const char *value)
{
	g_free(*field);
	*field = g_strdup(value);
}

/* FALSE if the value is none. */
static gboolean parse_line(Record *record, const char *word, const char *value)
{
	guint64 number = 0;

	if (g_str_equal(word, "tap"))
		g_ptr_array_add(record->taps, g_strdup(value));
	else if (g_str_equal(word, "guest"))
		g_ptr_array_add(record->guests, g_strdup(value));
	else if (g_str_equal(word, "profile"))
		set_text(&record->profile, value);
	else if (g_str_equal(word, "display"))
		set_text(&record->display, value);
	else if (g_str_equal(word, "console"))
		set_text(&record->console, value);
	else if (g_str_equal(word, "ssh"))
		set_text(&record->ssh, value);
	else if (g_str_equal(word, "ssh-user"))
		set_text(&record->ssh_user, value);
	else if (g_str_equal(word, "pid") && parse_number(value, G_MAXINT, &number))
		record->pid = number;
	else if (g_str_equal(word, "started") && parse_number(value, G_MAXINT64, &number))
		record->started = number;
	else if (g_str_equal(word, "memory") && parse_number(value, G_MAXUINT, &number))
		record->memory = number;
	else
		return !g_str_equal(word, "pid") && !g_str_equal(word, "started") &&
		       !g_str_equal(word, "memory");
	return TRUE;
}

Record *record_parse(const char *text)
{
	g_autoptr(Record) record = new_empty();
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	guint i = 0;

	for (; lines[i] && !g_str_equal(lines[i], END); i++) {
		char *blank = strchr(lines[i], ' ');

		if (!blank)
			return NULL;
		*blank = '\0';
		if (!parse_line(record, lines[i], blank + 1))
			return NULL;
	}
	return lines[i] && record->pid && record->profile ? g_steal_pointer(&record) : NULL;
}

gint64 record_uptime(const Record *record)
{
	return MAX(0, now() - record->started);
}

/* ---- in words ---- */

static char *join(const GPtrArray *words, const char *separator)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < words->len; i++)
		g_string_append_printf(text, "%s%s", i ? separator : "", (char *)words->pdata[i]);
	return g_string_free(text, FALSE);
}

/* The first word of each tap, or what is behind it. */
static char *join_taps(const GPtrArray *taps, guint half, const char *separator)
{
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < taps->len; i++) {
		g_auto(GStrv) halves = g_strsplit(taps->pdata[i], " ", 2);

		if (half < g_strv_length(halves))
			g_ptr_array_add(parts, g_strdup(halves[half]));
	}
	return join(parts, separator);
}

char *record_tap_names(const Record *record, const char *separator)
{
	return join_taps(record->taps, 0, separator);
}

char *record_tap_addresses(const Record *record, const char *separator)
{
	return join_taps(record->taps, 1, separator);
}

char *record_guest_addresses(const Record *record, const char *separator)
{
	return join(record->guests, separator);
}
