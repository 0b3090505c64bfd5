/* SPDX-License-Identifier: MIT */
/*
 * client: somebody who talks to the helper without the launcher, and says what he likes.
 *
 *	client [OPTION...] [N.]FIELD=VALUE...
 *
 * It starts the helper, sends one request, and prints "STATUS DESCRIPTORS TEXT" of the reply, or
 * "none" and how the helper ended without one. Fields are named as in request.h, those of a tap
 * with its number in front, or without one for the first. \xHH in a text is that byte; a text may
 * fill its field to the last byte. A default is a tap of no name, to be made. Tests of attacks
 * (tests/attack-*.t) are its callers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "platform/linux/request.h"

#define FDS_MAX 253 /* of one message: the kernel's SCM_MAX_FD */

typedef struct {
	const char *helper;
	const char *stdin_kind; /* what the helper has for its socket, when it is not one */
	const char *limit, *later_limit; /* RESOURCE:VALUE, before it starts, or when it runs */
	char *environment[8], *arguments[1100];
	unsigned int n_environment, n_arguments;
	int length;	   /* of what is sent; -1: a request */
	int more;	   /* bytes than that, or fewer */
	int closed;	   /* of the descriptors 0, 1 and 2: a bit each */
	int times;	   /* it is sent */
	int descriptors;   /* that go with it */
	int signal, after; /* ends the helper so many microseconds behind the request */
	int rounds;	   /* of random requests */
	unsigned int seed;
	int owner; /* that the first tap is given, to stay; -1: none */
	bool no_credentials, pidfd, nonblocking, half_closed, deaf, silent, keep, forge, ignoring,
		blocking, twin, no_arguments;
} Options;

static void die(const char *what)
{
	perror(what);
	exit(99);
}

/* ---- fields by name ---- */

static int hex(char digit)
{
	return digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10;
}

/* As it is in memory: no NUL is added where none fits. */
static void fill_text(char *field, size_t size, const char *value)
{
	memset(field, 0, size);
	for (size_t i = 0; i < size && *value; i++) {
		if (value[0] == '\\' && value[1] == 'x') {
			field[i] = hex(value[2]) << 4 | hex(value[3]);
			value += 4;
		} else {
			field[i] = *value++;
		}
	}
}

/* "192.168.50.1/24", and behind it "@5" for another family, "+" for dirt where zeros must be. */
static void fill_address(NetAddress *address, const char *value)
{
	char text[64] = "", *slash, *at;

	strncpy(text, value, sizeof(text) - 1);
	memset(address, 0, sizeof(*address));
	address->family = strchr(text, ':') ? 6 : 4;
	if (strchr(text, '+'))
		address->zero[1] = 1;
	at = strchr(text, '@');
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	else
		text[strcspn(text, "@+")] = '\0';
	if (inet_pton(address->family == 4 ? AF_INET : AF_INET6, text, address->octets) != 1)
		die(value);
	address->prefix_len = slash ? atoi(slash) : address->family == 4 ? 32 : 128;
	if (at)
		address->family = atoi(at + 1);
}

static void fill_route(NetRoute *route, const char *value)
{
	char text[128] = "", *via;

	strncpy(text, value, sizeof(text) - 1);
	via = strstr(text, ",via=");
	if (via) {
		*via = '\0';
		fill_address(&route->via, via + strlen(",via="));
	}
	fill_address(&route->to, text);
}

static void fill_mac(uint8_t *mac, const char *value)
{
	sscanf(value, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
		&mac[5]);
}

static bool fill_tap_text(RequestTap *tap, const char *name, const char *value)
{
	const struct {
		const char *name;
		char *field;
	} texts[] = {
		{ "ifname", tap->ifname },
		{ "bridge", tap->bridge },
		{ "parent", tap->parent },
		{ "uplink", tap->uplink },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (strcmp(name, texts[i].name) != 0)
			continue;
		fill_text(texts[i].field, REQUEST_IFNAME, value);
		return true;
	}
	return false;
}

static bool fill_tap_number(RequestTap *tap, const char *name, const char *value)
{
	const struct {
		const char *name;
		uint8_t *field;
	} numbers[] = {
		{ "op", &tap->op },
		{ "flags", &tap->flags },
		{ "queues", &tap->queues },
		{ "mode", &tap->mode },
		{ "n_addresses", &tap->n_addresses },
		{ "n_routes", &tap->n_routes },
		{ "zero", &tap->zero[1] },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (strcmp(name, numbers[i].name) != 0)
			continue;
		*numbers[i].field = strtoul(value, NULL, 0);
		return true;
	}
	return false;
}

/* A peer or guest in the place of the other family has "swapped_" in front. */
static bool fill_tap(RequestTap *tap, const char *name, const char *value)
{
	bool swapped = strncmp(name, "swapped_", strlen("swapped_")) == 0;
	unsigned int place = (strchr(value, ':') != NULL) ^ swapped;

	name += swapped ? strlen("swapped_") : 0;
	if (strcmp(name, "mtu") == 0)
		tap->mtu = strtoul(value, NULL, 0);
	else if (strcmp(name, "mac") == 0)
		fill_mac(tap->mac, value);
	else if (strcmp(name, "guest_mac") == 0)
		fill_mac(tap->guest_mac, value);
	else if (strcmp(name, "address") == 0 && tap->n_addresses < REQUEST_ADDRESSES)
		fill_address(&tap->addresses[tap->n_addresses++], value);
	else if (strcmp(name, "route") == 0 && tap->n_routes < REQUEST_ROUTES)
		fill_route(&tap->routes[tap->n_routes++], value);
	else if (strcmp(name, "peer") == 0)
		fill_address(&tap->peers[place], value);
	else if (strcmp(name, "guest") == 0)
		fill_address(&tap->guests[place], value);
	else
		return fill_tap_text(tap, name, value) || fill_tap_number(tap, name, value);
	return true;
}

static bool fill_request(Request *request, const char *name, const char *value)
{
	if (strcmp(name, "version") == 0)
		request->version = strtoul(value, NULL, 0);
	else if (strcmp(name, "request_mode") == 0)
		request->mode = strtoul(value, NULL, 0);
	else if (strcmp(name, "force") == 0)
		request->force = strtoul(value, NULL, 0);
	else if (strcmp(name, "n_taps") == 0)
		request->n_taps = strtoul(value, NULL, 0);
	else if (strcmp(name, "label") == 0)
		fill_text(request->label, sizeof(request->label), value);
	else
		return false;
	return true;
}

static void fill_field(Request *request, const char *word)
{
	const char *equals = strchr(word, '='), *dot = strchr(word, '.');
	bool numbered = dot && dot < equals;
	unsigned int i = numbered ? atoi(word) : 0;
	char name[32] = "";

	if (!equals || i >= REQUEST_TAPS)
		die(word);
	word = numbered ? dot + 1 : word;
	strncpy(name, word, equals - word < 31 ? equals - word : 31);
	if (fill_request(request, name, equals + 1))
		return;
	for (; numbered && request->n_taps <= i; request->n_taps++)
		request->taps[request->n_taps] = (RequestTap){ .op = REQUEST_CREATE, .queues = 1 };
	if (!fill_tap(&request->taps[i], name, equals + 1))
		die(name);
}

/* ---- the helper ---- */

static int stdin_of_kind(const char *kind)
{
	int fds[2] = { -1, -1 };

	if (strcmp(kind, "stream") == 0 || strcmp(kind, "dgram") == 0)
		socketpair(AF_UNIX, *kind == 's' ? SOCK_STREAM : SOCK_DGRAM, 0, fds);
	else if (strcmp(kind, "inet") == 0)
		fds[0] = socket(AF_INET, SOCK_DGRAM, 0);
	else if (strcmp(kind, "pipe") == 0)
		pipe(fds);
	else if (strcmp(kind, "tty") == 0)
		fds[0] = posix_openpt(O_RDWR | O_NOCTTY);
	else if (strcmp(kind, "unconnected") == 0)
		fds[0] = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	else
		fds[0] = open(kind, O_RDWR);
	if (fds[0] < 0)
		die(kind);
	return fds[0];
}

/* "7:3" as RESOURCE:VALUE, for both limits; PID 0 is this process, and so all that it starts. */
static void set_limit(pid_t pid, const char *text)
{
	unsigned long value;
	unsigned int resource;
	struct rlimit limit;

	if (!text)
		return;
	if (sscanf(text, "%u:%lu", &resource, &value) != 2)
		die(text);
	limit.rlim_cur = limit.rlim_max = value;
	if (prlimit(pid, resource, &limit, NULL) < 0)
		die("prlimit");
}

static void ignore_signals(const Options *options)
{
	sigset_t all;

	for (int i = 1; options->ignoring && i < NSIG; i++)
		signal(i, SIG_IGN);
	sigfillset(&all);
	if (options->blocking)
		sigprocmask(SIG_SETMASK, &all, NULL);
}

static pid_t spawn_helper(Options *options, int fd)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int code;

	if (!options->n_arguments && !options->no_arguments)
		options->arguments[0] = "qemu-tapwrap-helper";
	ignore_signals(options);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	for (int i = 0; i < 3; i++)
		if (options->closed & 1 << i)
			posix_spawn_file_actions_addclose(&actions, i);
	set_limit(0, options->limit);
	errno = code = posix_spawn(&pid, options->helper, &actions, NULL, options->arguments,
		options->n_environment ? options->environment : environ);
	posix_spawn_file_actions_destroy(&actions);
	if (code)
		die(options->helper);
	return pid;
}

/* Until there is no more room. */
static void fill_queue(int socket)
{
	char bytes[4096] = { 0 };

	while (send(socket, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	while (send(socket, bytes, 1, MSG_DONTWAIT) > 0)
		;
}

static void make_sockets(const Options *options, int *sockets)
{
	int on = 1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		die("socketpair");
	if (!options->no_credentials)
		setsockopt(sockets[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
#ifdef SO_PASSPIDFD
	if (options->pidfd)
		setsockopt(sockets[1], SOL_SOCKET, SO_PASSPIDFD, &on, sizeof(on));
#endif
	if (options->nonblocking)
		fcntl(sockets[1], F_SETFL, O_NONBLOCK);
	if (options->deaf)
		fill_queue(sockets[1]);
}

/* With descriptors, and with credentials that are not one's own, as asked. */
static bool send_message(int socket, const Options *options, const void *bytes, size_t size)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(FDS_MAX * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} control = { 0 };
	struct iovec data = { .iov_base = (void *)bytes, .iov_len = size };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	struct ucred root = { .pid = getpid(), .uid = 0, .gid = 0 };
	int fds[FDS_MAX] = { 0 };

	if (options->descriptors) {
		size_t length = options->descriptors * sizeof(int);

		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(length);
		control.header = (struct cmsghdr){ CMSG_LEN(length), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), fds, length);
	} else if (options->forge) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(root));
		control.header = (struct cmsghdr){ CMSG_LEN(sizeof(root)), SOL_SOCKET,
			SCM_CREDENTIALS };
		memcpy(CMSG_DATA(&control.header), &root, sizeof(root));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)size;
}

/* The number of descriptors, or -1 when no reply came. */
static int receive_reply(int socket, Reply *reply, int *fds)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct iovec data = { .iov_base = reply, .iov_len = sizeof(*reply) };
	struct msghdr message = { .msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *rights;
	int n_fds;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != sizeof(*reply))
		return -1;
	rights = CMSG_FIRSTHDR(&message);
	if (!rights || rights->cmsg_type != SCM_RIGHTS)
		return 0;
	n_fds = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(rights), n_fds * sizeof(int));
	return n_fds;
}

/* What the holder of a tap may do to it without any privilege. */
static void give_away(int tap, int owner)
{
	if (ioctl(tap, TUNSETPERSIST, 1ul) < 0 || ioctl(tap, TUNSETOWNER, (unsigned long)owner) < 0)
		die("give away");
}

static void print_end(int status)
{
	if (WIFSIGNALED(status))
		printf("none signal %d%s\n", WTERMSIG(status), WCOREDUMP(status) ? " core" : "");
	else
		printf("none exited %d\n", WEXITSTATUS(status));
}

typedef struct {
	Reply reply;
	int n_fds, wait_status;
} Outcome;

static void converse(Options *options, const void *bytes, size_t size, Outcome *ret, int *fds)
{
	int sockets[2];
	pid_t pid, twin = 0;

	make_sockets(options, sockets);
	pid = spawn_helper(options, sockets[1]);
	if (options->twin)
		twin = spawn_helper(options, sockets[1]);
	close(sockets[1]);
	set_limit(pid, options->later_limit);
	for (int i = 0; i < options->times; i++)
		if (!send_message(sockets[0], options, bytes, size) && options->forge) {
			printf("forged credentials: %s\n", strerror(errno));
			send_message(sockets[0], &(Options){ .times = 1 }, bytes, size);
		}
	if (options->half_closed)
		shutdown(sockets[0], SHUT_WR);
	if (options->silent) {
		printf("%d\n", (int)pid);
		fflush(stdout);
	}
	if (options->signal) {
		usleep(options->after);
		kill(pid, options->signal);
		if (options->signal == SIGSTOP) {
			usleep(20000);
			kill(pid, SIGCONT);
		}
	}
	if (options->deaf) {
		waitpid(pid, &ret->wait_status, 0);
		ret->n_fds = -1;
	} else {
		ret->n_fds = receive_reply(sockets[0], &ret->reply, fds);
		waitpid(pid, &ret->wait_status, 0);
	}
	close(sockets[0]);
	if (twin)
		waitpid(twin, NULL, 0);
}

/* ---- random requests: only what the helper says of them is of interest ---- */

static unsigned int next_random(unsigned int *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	return *state ^= *state << 5;
}

/* Mostly where something is. */
static size_t pick(const unsigned char *bytes, unsigned int *state)
{
	size_t at = next_random(state) % sizeof(Request);

	for (int i = next_random(state) % 4 ? 2000 : 0; i > 0 && !bytes[at]; i--)
		at = next_random(state) % sizeof(Request);
	return at;
}

static size_t damage(unsigned char *bytes, unsigned int *state)
{
	unsigned int kind = next_random(state) % 16;

	if (kind == 0)
		return next_random(state) % (sizeof(Request) + 64);
	for (size_t i = 0; kind == 1 && i < sizeof(Request); i++)
		bytes[i] = next_random(state);
	for (unsigned int n = next_random(state) % 3 + 1; n > 0; n--) {
		size_t at = pick(bytes, state);

		bytes[at] = kind % 3 ? next_random(state)
				     : bytes[at] ^ 1u << next_random(state) % 8;
	}
	return sizeof(Request);
}

/* Prints how often each status came, and everything that is no orderly answer. */
static int send_random(Options *options, const Request *request)
{
	unsigned int state = options->seed, statuses[128] = { 0 };
	int fds[FDS_MAX], odd = 0, late = 0;

	for (int i = 0; i < options->rounds; i++) {
		unsigned char bytes[sizeof(Request) + 64] = { 0 };
		Outcome outcome;
		size_t size;

		memcpy(bytes, request, sizeof(*request));
		size = damage(bytes, &state);
		converse(options, bytes, size, &outcome, fds);
		if (size == 0) /* is the end, not a message */
			continue;
		for (int j = 0; j < outcome.n_fds; j++)
			close(fds[j]);
		if (outcome.n_fds >= 0 && WIFEXITED(outcome.wait_status) &&
			WEXITSTATUS(outcome.wait_status) == outcome.reply.fault.status &&
			outcome.reply.version == REQUEST_VERSION) {
			statuses[outcome.reply.fault.status]++;
			continue;
		}
		if (WIFSIGNALED(outcome.wait_status) && WTERMSIG(outcome.wait_status) == SIGALRM) {
			late++; /* its time limit, on a busy machine */
			continue;
		}
		printf("round %d: ", i);
		print_end(outcome.wait_status);
		odd++;
	}
	for (int i = 0; i < 128; i++)
		if (statuses[i])
			printf("%d:%u ", i, statuses[i]);
	if (late)
		printf("late:%d ", late);
	printf("odd:%d\n", odd);
	return odd != 0;
}

/* ---- the command line ---- */

static bool take_flag(Options *options, const char *word)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "--no-credentials", &options->no_credentials },
		{ "--pidfd", &options->pidfd },
		{ "--nonblocking", &options->nonblocking },
		{ "--half-closed", &options->half_closed },
		{ "--deaf", &options->deaf },	  /* never reads */
		{ "--silent", &options->silent }, /* prints the helper's PID, and sends nothing */
		{ "--keep", &options->keep },	  /* the descriptors, until it is killed */
		{ "--forge", &options->forge },
		{ "--ignoring", &options->ignoring },
		{ "--blocking", &options->blocking },
		{ "--twin", &options->twin }, /* a second helper on the same socket */
		{ "--no-arguments", &options->no_arguments },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (strcmp(word, flags[i].name) == 0)
			return *flags[i].flag = true;
	return false;
}

static bool take_number(Options *options, const char *word)
{
	const struct {
		const char *name;
		int *number;
	} numbers[] = {
		{ "--length=", &options->length },
		{ "--more=", &options->more },
		{ "--close=", &options->closed },
		{ "--times=", &options->times },
		{ "--descriptors=", &options->descriptors },
		{ "--signal=", &options->signal },
		{ "--after=", &options->after },
		{ "--random=", &options->rounds },
		{ "--seed=", (int *)&options->seed },
		{ "--give-away=", &options->owner },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		size_t length = strlen(numbers[i].name);

		if (strncmp(word, numbers[i].name, length) != 0)
			continue;
		*numbers[i].number = atoi(word + length);
		return true;
	}
	return false;
}

static bool take_text(Options *options, char *word)
{
	const struct {
		const char *name;
		const char **text;
	} texts[] = {
		{ "--helper=", &options->helper },
		{ "--stdin=", &options->stdin_kind },
		{ "--limit=", &options->limit },
		{ "--later-limit=", &options->later_limit },
		{ "--environment=", (const char **)&options->environment[options->n_environment] },
		{ "--argument=", (const char **)&options->arguments[options->n_arguments] },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		size_t length = strlen(texts[i].name);

		if (strncmp(word, texts[i].name, length) != 0)
			continue;
		*texts[i].text = word + length;
		options->n_environment += i == 4;
		options->n_arguments += i == 5;
		return true;
	}
	return false;
}

static void take_word(Options *options, Request *request, char *word)
{
	if (!take_text(options, word) && !take_flag(options, word) && !take_number(options, word))
		fill_field(request, word);
}

static int start_on_stdin(Options *options)
{
	int status;

	waitpid(spawn_helper(options, stdin_of_kind(options->stdin_kind)), &status, 0);
	print_end(status);
	return 0;
}

int main(int argc, char **argv)
{
	Options options = { .helper = HELPER_PATH, .length = -1, .times = 1, .owner = -1 };
	Request request = { .version = REQUEST_VERSION,
		.mode = REQUEST_MAKE,
		.n_taps = 1,
		.label = "evil",
		.taps = { { .op = REQUEST_CREATE, .queues = 1 } } };
	unsigned char bytes[2 * sizeof(Request)] = { 0 };
	int fds[FDS_MAX];
	Outcome outcome;

	for (int i = 1; i < argc; i++)
		take_word(&options, &request, argv[i]);
	if (options.stdin_kind)
		return start_on_stdin(&options);
	if (options.rounds)
		return send_random(&options, &request);
	memcpy(bytes, &request, sizeof(request));
	if (options.silent)
		options.times = 0;
	if (options.length < 0)
		options.length = sizeof(request);
	converse(&options, bytes, options.length + options.more, &outcome, fds);
	if (outcome.n_fds < 0)
		print_end(outcome.wait_status);
	else
		printf("%d %d %s\n", outcome.reply.fault.status, outcome.n_fds,
			outcome.reply.fault.text);
	fflush(stdout);
	if (options.owner >= 0 && outcome.n_fds > 0)
		give_away(fds[0], options.owner);
	while (options.keep && outcome.n_fds > 0)
		pause();
	return 0;
}
