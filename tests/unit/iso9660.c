/* SPDX-License-Identifier: MIT */
/* A CD image, as a reader goes through it. */
#include "launcher/iso9660.h"

#include <string.h>

/* What a reader would find at the start of @record: 9.1 of ECMA-119. */
static void check_record(
	const guint8 *image, const guint8 *record, const char *name, const void *content, gsize len)
{
	guint32 sector, size;

	memcpy(&sector, record + 2, 4);
	memcpy(&size, record + 10, 4);
	sector = GUINT32_FROM_LE(sector);
	size = GUINT32_FROM_LE(size);
	g_assert_cmpmem(record + 33, record[32], name, strlen(name));
	g_assert_cmpuint(size, ==, len);
	g_assert_cmpuint(record[9] | record[8] << 8 | record[7] << 16, ==, sector);
	g_assert_cmpmem(image + sector * 2048, size, content, len);
}

static void test_cd(void)
{
	g_autofree char *long_text = g_strnfill(4097, 'x');
	g_autoptr(GBytes) none = g_bytes_new_static("", 0);
	g_autoptr(GBytes) exact = g_bytes_new_static(long_text, 2048);
	g_autoptr(GBytes) more = g_bytes_new_static(long_text, 4097);
	IsoFile files[] = { { "empty", none }, { "meta-data", exact }, { "user-data", more } };
	g_autoptr(GByteArray) image = iso9660_build("CIDATA", files, 3);
	g_autoptr(GByteArray) again = iso9660_build("CIDATA", files, 3);
	const guint8 *volume = image->data + 16 * 2048, *record = image->data + 20 * 2048;

	g_assert_cmpmem(image->data, image->len, again->data, again->len);
	g_assert_cmpuint(image->len, ==, (21 + 0 + 1 + 3 + 150) * 2048);
	g_assert_cmpmem(volume, 7, "\1CD001\1", 7);
	g_assert_cmpmem(volume + 40, 8, "CIDATA  ", 8);
	g_assert_cmpuint(volume[80], ==, 175);
	g_assert_cmpuint(volume[87], ==, 175);
	record += record[0]; /* . */
	record += record[0]; /* .. */
	check_record(image->data, record, "EMPTY.;1", "", 0);
	record += record[0];
	check_record(image->data, record, "META-DATA.;1", long_text, 2048);
	record += record[0];
	check_record(image->data, record, "USER-DATA.;1", long_text, 4097);
	g_assert_cmpuint(record[record[0]], ==, 0);
	for (guint i = 0; i < 16 * 2048; i++) /* nothing that a BIOS would start */
		g_assert_cmpuint(image->data[i], ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/iso9660/files", test_cd);
	return g_test_run();
}
