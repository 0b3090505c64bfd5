/* SPDX-License-Identifier: MIT */
#include "launcher/files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

G_DEFINE_QUARK(qemu_tapwrap_files, files_error)

static void step_free(gpointer data)
{
	FileStep *step = data;

	g_free(step->path);
	g_free(step->from);
	g_strfreev(step->argv);
	g_free(step);
}

static FileStep *add_step(
	GPtrArray *steps, FileKind kind, const ProfileSection *section, const char *path)
{
	FileStep *step = g_new0(FileStep, 1);

	step->kind = kind;
	step->section = section;
	step->path = g_strdup(path);
	g_ptr_array_add(steps, step);
	return step;
}

static gboolean exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* ---- what is missing ---- */

static void need_directory(GPtrArray *steps, const ProfileSection *section, const char *path)
{
	if (!exists(path))
		add_step(steps, FILE_DIRECTORY, section, path);
}

static void need_nvram(GPtrArray *steps, const Profile *profile, const Firmware *firmware)
{
	const ProfileSection *section = &profile->firmware->section;
	g_autofree char *directory = g_path_get_dirname(firmware->nvram);

	if (exists(firmware->nvram))
		return;
	if (!profile->firmware->nvram)
		need_directory(steps, section, directory);
	add_step(steps, FILE_COPY, section, firmware->nvram)->from = g_strdup(firmware->vars);
}

/* qemu-img create -q -f qcow2 [-b BACKING -F FORMAT] FILE [BYTES] */
static void need_image(GPtrArray *steps, const ProfileDisk *disk, const char *qemu_img)
{
	FileStep *step = add_step(steps, FILE_IMAGE, &disk->section, disk->file);
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	g_strv_builder_add_many(builder, qemu_img, "create", "-q", "-f", disk->format, NULL);
	step->path_index = 5;
	if (disk->backing) {
		g_strv_builder_add_many(
			builder, "-b", disk->backing, "-F", disk->backing_format, NULL);
		step->path_index += 4;
	}
	g_strv_builder_add(builder, disk->file);
	if (disk->size) {
		g_autofree char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, disk->size);

		g_strv_builder_add(builder, bytes);
	}
	step->argv = g_strv_builder_end(builder);
}

static gboolean is_in_state(const Profile *profile, const char *path)
{
	g_autofree char *directory = g_path_get_dirname(path);

	return g_strcmp0(directory, profile->places.state) == 0;
}

static gboolean need_images(GPtrArray *steps, const Profile *profile, GError **error)
{
	g_autofree char *qemu_img = NULL;

	for (guint i = 0; i < profile->disks->len; i++) {
		const ProfileDisk *disk = profile->disks->pdata[i];

		if ((!disk->size && !disk->backing) || exists(disk->file))
			continue;
		if (is_in_state(profile, disk->file))
			need_directory(steps, &disk->section, profile->places.state);
		if (!qemu_img)
			qemu_img = g_find_program_in_path("qemu-img");
		if (!qemu_img) {
			g_autofree char *place = profile_place(profile, &disk->section, "file");

			g_set_error(error, FILES_ERROR, EX_OSFILE,
				"%s: %s is missing, and so is qemu-img to create it: install it",
				place, disk->file);
			return FALSE;
		}
		need_image(steps, disk, qemu_img);
	}
	return TRUE;
}

GPtrArray *files_missing(const Profile *profile, const Firmware *firmware, GError **error)
{
	g_autoptr(GPtrArray) steps = g_ptr_array_new_with_free_func(step_free);

	if (firmware && firmware->nvram)
		need_nvram(steps, profile, firmware);
	if (g_str_equal(profile->tpm->type, "emulator"))
		need_directory(steps, &profile->tpm->section, profile->tpm->state);
	return need_images(steps, profile, error) ? g_steal_pointer(&steps) : NULL;
}

/* ---- make ---- */

/* A file system that takes only a part is full. */
static gboolean write_block(int fd, const char *block, ssize_t len, off_t at)
{
	ssize_t n = pwrite(fd, block, len, at);

	if (n >= 0 && n < len)
		errno = ENOSPC;
	return n == len;
}

/* With holes where @from has only zeros: firmware settings for arm are 64 MiB of them. */
static gboolean copy(int from, int to)
{
	static const char zeros[64 * 1024];
	char buffer[sizeof(zeros)];
	off_t end = 0;
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0) {
		if (memcmp(buffer, zeros, n) != 0 && !write_block(to, buffer, n, end))
			return FALSE;
		end += n;
	}
	return n == 0 && ftruncate(to, end) == 0;
}

static gboolean copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	gboolean done = out >= 0 && copy(in, out);

	if (in >= 0)
		close(in);
	if (out >= 0)
		done = close(out) == 0 && done;
	return done;
}

/* In the words of qemu-img, without its name. */
static gboolean run_qemu_img(const FileStep *step, const char *path, char **ret_why)
{
	g_auto(GStrv) argv = g_strdupv(step->argv);
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	int status = 0;

	g_free(argv[step->path_index]);
	argv[step->path_index] = g_strdup(path);
	if (g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &text,
		    &status, &error) &&
		status == 0)
		return TRUE;
	*ret_why = g_strdup(error ? error->message : g_strstrip(text));
	g_strdelimit(*ret_why, "\n", ' ');
	return FALSE;
}

/* Gives @made its name, unless there is such a file by now. Not every file system has links. */
static gboolean put_in_place(const char *made, const char *path)
{
	if (link(made, path) == 0)
		return unlink(made) == 0;
	if (errno == EEXIST || exists(path))
		return unlink(made) == 0; /* somebody else was faster: theirs is as good */
	return rename(made, path) == 0;
}

static gboolean make_file(const FileStep *step, char **ret_why)
{
	g_autofree char *made = g_strdup_printf("%s.%d.new", step->path, (int)getpid());
	gboolean done = step->kind == FILE_COPY ? copy_file(step->from, made)
						: run_qemu_img(step, made, ret_why);
	int reason;

	if (done && put_in_place(made, step->path))
		return TRUE;
	reason = errno;
	unlink(made);
	if (!*ret_why)
		*ret_why = g_strdup(g_strerror(reason));
	return FALSE;
}

static gboolean make(const FileStep *step, char **ret_why)
{
	if (step->kind != FILE_DIRECTORY)
		return make_file(step, ret_why);
	if (g_mkdir_with_parents(step->path, 0700) == 0)
		return TRUE;
	*ret_why = g_strdup(g_strerror(errno));
	return FALSE;
}

gboolean files_make(const GPtrArray *steps, const Profile *profile, GError **error)
{
	for (guint i = 0; i < steps->len; i++) {
		const FileStep *step = steps->pdata[i];
		g_autofree char *why = NULL;

		if (!make(step, &why)) {
			g_autofree char *place = profile_place(profile, step->section, NULL);

			g_set_error(error, FILES_ERROR, EX_CANTCREAT,
				"%s: %s cannot be created: %s", place, step->path, why);
			return FALSE;
		}
	}
	return TRUE;
}
