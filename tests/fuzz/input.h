/* SPDX-License-Identifier: MIT */
/*
 * input: the fuzzer's bytes as a file, and a look at what is said about them.
 */
#pragma once

#include <fcntl.h>
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Borrowed; each call writes to the same file. The caller unlinks it. */
static inline const char *input_write(const uint8_t *data, size_t size)
{
	static char path[64];
	int fd;

	g_snprintf(path, sizeof(path), "/dev/shm/qemu-tapwrap-fuzz-%d.ini", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	return path;
}

/* Is @marker in @text, and not because it came with the input? */
static inline gboolean input_is_answered(
	const char *text, const char *marker, const uint8_t *data, size_t size)
{
	return strstr(text, marker) && !memmem(data, size, marker, strlen(marker));
}

/* A message of the comparison in ini_load means that our scan has let something through. */
static inline void input_check_readings(const char *text, const uint8_t *data, size_t size)
{
	if (input_is_answered(text, "iniparser does not read", data, size))
		abort();
}
