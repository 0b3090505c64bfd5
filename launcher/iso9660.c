/* SPDX-License-Identifier: MIT */
#include "launcher/iso9660.h"

#include <string.h>

/* The order on the CD, in sectors: 16 of nothing, then these, then the files. */
#define SECTOR 2048
enum {
	PRIMARY_VOLUME = 16,
	TERMINATOR,
	PATH_TABLE_LE,
	PATH_TABLE_BE,
	ROOT,
	FILES,
};
#define PATH_TABLE_LEN 10 /* of the root alone */
/* Behind the files, as mkisofs has it: who looks for other file systems reads some 64 KiB. */
#define PADDING 150
#define RECORD_LEN 33 /* of a directory record before its name */

static guint sectors_of(gsize len)
{
	return (len + SECTOR - 1) / SECTOR;
}

static void put_le32(guint8 *at, guint32 number)
{
	number = GUINT32_TO_LE(number);
	memcpy(at, &number, sizeof(number));
}

static void put_be32(guint8 *at, guint32 number)
{
	number = GUINT32_TO_BE(number);
	memcpy(at, &number, sizeof(number));
}

/* Most numbers stand there twice, in both byte orders. */
static void put_both32(guint8 *at, guint32 number)
{
	put_le32(at, number);
	put_be32(at + 4, number);
}

static void put_both16(guint8 *at, guint8 number)
{
	at[0] = at[3] = number;
}

static void put_text(guint8 *at, gsize len, const char *text)
{
	memset(at, ' ', len);
	memcpy(at, text, MIN(strlen(text), len));
}

/* ECMA-119 9.1. Returns the record's length. The date is 1 January 1980, as good as any. */
static guint put_record(
	guint8 *at, const char *name, gsize name_len, guint sector, gsize len, gboolean directory)
{
	at[0] = (RECORD_LEN + name_len + 1) & ~1;
	put_both32(at + 2, sector);
	put_both32(at + 10, len);
	at[18] = 80;
	at[19] = at[20] = 1;
	at[25] = directory ? 2 : 0;
	put_both16(at + 28, 1);
	at[32] = name_len;
	memcpy(at + RECORD_LEN, name, name_len);
	return at[0];
}

/* ECMA-119 8.4 */
static void put_volume(guint8 *at, const char *label, guint n_sectors)
{
	static const char zero_date[] = "0000000000000000";

	memcpy(at, "\1CD001\1", 7);
	put_text(at + 8, 32, "");
	put_text(at + 40, 32, label);
	put_both32(at + 80, n_sectors);
	put_both16(at + 120, 1);
	put_both16(at + 124, 1);
	at[129] = SECTOR >> 8; /* 2048 in both byte orders */
	at[130] = SECTOR >> 8;
	put_both32(at + 132, PATH_TABLE_LEN);
	put_le32(at + 140, PATH_TABLE_LE);
	put_be32(at + 148, PATH_TABLE_BE);
	put_record(at + 156, "", 1, ROOT, SECTOR, TRUE);
	put_text(at + 190, 623, "");
	for (guint i = 0; i < 4; i++)
		memcpy(at + 813 + i * 17, zero_date, 16);
	at[881] = 1;
}

/* ECMA-119 9.4: the root, called 0, whose parent is the first entry, itself. */
static void put_path_tables(guint8 *image)
{
	guint8 *le = image + PATH_TABLE_LE * SECTOR, *be = image + PATH_TABLE_BE * SECTOR;

	le[0] = be[0] = 1;
	put_le32(le + 2, ROOT);
	put_be32(be + 2, ROOT);
	le[6] = be[7] = 1;
}

GByteArray *iso9660_build(const char *label, const IsoFile *files, guint n_files)
{
	GByteArray *image = g_byte_array_new();
	guint n_sectors = FILES, sector = FILES;
	guint8 *record;

	for (guint i = 0; i < n_files; i++)
		n_sectors += sectors_of(g_bytes_get_size(files[i].content));
	n_sectors += PADDING;
	g_byte_array_set_size(image, n_sectors * SECTOR);
	memset(image->data, 0, image->len);
	put_volume(image->data + PRIMARY_VOLUME * SECTOR, label, n_sectors);
	memcpy(image->data + TERMINATOR * SECTOR, "\377CD001\1", 7);
	put_path_tables(image->data);
	record = image->data + ROOT * SECTOR;
	record += put_record(record, "\0", 1, ROOT, SECTOR, TRUE);
	record += put_record(record, "\1", 1, ROOT, SECTOR, TRUE);
	for (guint i = 0; i < n_files; i++) {
		g_autofree char *upper = g_ascii_strup(files[i].name, -1);
		g_autofree char *name = g_strconcat(upper, ".;1", NULL);
		gsize len;
		const guint8 *content = g_bytes_get_data(files[i].content, &len);

		record += put_record(record, name, strlen(name), sector, len, FALSE);
		if (len > 0)
			memcpy(image->data + sector * SECTOR, content, len);
		sector += sectors_of(len);
	}
	return image;
}
