/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/policy-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "platform/linux/helper/policy.h"

/*
 * A user can show us another file under this name: in a user namespace of their own, with mounts of
 * their own, where they are root. But there the file's capability counts for that namespace only:
 * they get what they have anyway, and nothing of the host's network. Who can change the mounts or
 * the root directory without that is root. So it is enough that every directory on the way, and the
 * file, are root's and nobody else can write to them. Further (hard) links to the file change
 * nothing: they are the same file, with the same owner and mode.
 */
static bool is_roots_alone(const struct stat *status)
{
	return status->st_uid == 0 && !(status->st_mode & (S_IWGRP | S_IWOTH));
}

static bool is_roots_directory(int fd, const char *path, Fault *fault)
{
	struct stat status;

	return (fstat(fd, &status) == 0 && is_roots_alone(&status)) ||
	       fault_set(fault, EX_CONFIG,
		       "%s: must be a directory of root that nobody else can write to", path);
}

/* Closes @directory. -1 and no fault: there is no such directory. */
static int enter(int directory, const char *name, const char *path, Fault *fault)
{
	int fd = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int error = errno;

	if (directory >= 0)
		close(directory);
	if (fd < 0 && error == ENOTDIR)
		fault_set(fault, EX_CONFIG,
			"%s: must be a directory of root that nobody else can write to", path);
	else if (fd < 0 && error != ENOENT)
		fault_set(fault, EX_CONFIG, "%s: %s", path, strerror(error));
	else if (fd >= 0 && !is_roots_directory(fd, path, fault)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* From the root on, each directory on its own: none is a symbolic link, none changes meanwhile. */
static int open_directory(Fault *fault)
{
	char path[] = POLICY_FILE, *name = path + 1, *slash;
	int fd = enter(-1, "/", "/", fault);

	for (; fd >= 0 && (slash = strchr(name, '/')); name = slash + 1) {
		*slash = '\0';
		fd = enter(fd, name, path, fault);
		*slash = '/';
	}
	return fd;
}

static int open_checked(struct stat *ret_status, Fault *fault)
{
	int directory = open_directory(fault), fd, error;

	if (directory < 0)
		return -1;
	fd = openat(directory, strrchr(POLICY_FILE, '/') + 1,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	error = errno;
	close(directory);
	if (fd < 0) {
		if (error != ENOENT)
			fault_set(fault, EX_CONFIG, "%s: %s", POLICY_FILE,
				error == ELOOP ? "must not be a symbolic link" : strerror(error));
		return -1;
	}
	if (fstat(fd, ret_status) < 0 || !S_ISREG(ret_status->st_mode) ||
		!is_roots_alone(ret_status))
		fault_set(fault, EX_CONFIG,
			"%s: must be a regular file of root that nobody else can write to",
			POLICY_FILE);
	else if (ret_status->st_size > POLICY_MAX)
		fault_set(fault, EX_CONFIG, "%s: is larger than 64 KiB", POLICY_FILE);
	else
		return fd;
	close(fd);
	return -1;
}

/* As many bytes as there are, up to one more than a policy can have; -1 and errno. */
static ssize_t read_all(int fd, char *text)
{
	size_t used = 0;
	ssize_t n;

	do {
		n = read(fd, text + used, POLICY_MAX + 1 - used);
		used += n > 0 ? n : 0;
	} while (n > 0 && used <= POLICY_MAX);
	return n < 0 ? -1 : (ssize_t)used;
}

bool policy_file_read(char **ret_text, size_t *ret_size, Fault *fault)
{
	static char text[POLICY_MAX + 2];
	struct stat before, after;
	ssize_t used;
	int fd;

	*ret_text = NULL;
	fault->status = 0;
	fd = open_checked(&before, fault);
	if (fd < 0)
		return fault->status == 0;
	used = read_all(fd, text);
	if (used < 0)
		fault_set(fault, EX_CONFIG, "%s: %s", POLICY_FILE, strerror(errno));
	else if (fstat(fd, &after) < 0 || used != before.st_size || used != after.st_size ||
		 memcmp(&before.st_mtim, &after.st_mtim, sizeof(after.st_mtim)) != 0)
		fault_set(fault, EX_CONFIG, "%s: is being changed; try again", POLICY_FILE);
	close(fd);
	if (fault->status)
		return false;
	text[used] = '\0';
	*ret_text = text;
	*ret_size = used;
	return true;
}
