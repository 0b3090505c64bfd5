# SPDX-License-Identifier: MIT
#
#   make             build          make demo        see it work    make install
#   make lint        style          make check       all tests      make bench   against the recipe
#   make fuzz        libFuzzer      make check-long  every point that a test could try
#   make install-privilege GROUP=kvm DHCP=1: for others than root, the members of a group

VERSION    := 0.1
PREFIX     ?= /usr/local
bindir     ?= $(PREFIX)/bin
libexecdir ?= $(PREFIX)/libexec
datadir    ?= $(PREFIX)/share
mandir     ?= $(datadir)/man
sysconfdir ?= /etc
# Where neighbours look for what an installed program says about its interfaces.
libconfdir ?= $(if $(filter /usr,$(PREFIX)),/usr/lib,$(sysconfdir))
nm_file       := $(libconfdir)/NetworkManager/conf.d/qemu-tapwrap.conf
networkd_file := $(libconfdir)/systemd/network/05-qemu-tapwrap.network
# Units of systemd, and the user of the system's VMs.
unitdir     ?= $(PREFIX)/lib/systemd/system
userunitdir ?= $(PREFIX)/lib/systemd/user
sysusersdir ?= $(PREFIX)/lib/sysusers.d
# Completions.
bashdir     ?= $(datadir)/bash-completion/completions
zshdir      ?= $(datadir)/zsh/site-functions
fishdir     ?= $(datadir)/fish/vendor_completions.d
# What install-privilege gives, and to whom. polkit looks for actions of every program in one place.
GROUP      ?= kvm
DHCP       ?=
actiondir  ?= /usr/share/polkit-1/actions
PKEXEC     ?= /usr/bin/pkexec
policy     := $(sysconfdir)/qemu-tapwrap/policy
action     := $(actiondir)/org.qemu-tapwrap.policy

PLATFORM   ?= linux
SANITIZE   ?=
PKG_CONFIG ?= pkg-config
INSTALL    ?= install
CFLAGS     ?= -O2 -g
JOBS       ?= $(shell nproc 2>/dev/null || echo 1)
BUILD      ?= build/$(PLATFORM)$(if $(SANITIZE),-$(firstword $(subst $(comma), ,$(SANITIZE))))

comma    := ,
helper   := $(libexecdir)/qemu-tapwrap-helper
inspect  := $(libexecdir)/qemu-tapwrap-inspect
control  := $(libexecdir)/qemu-tapwrap-control
launcher := $(bindir)/qemu-tapwrap
arch     := $(shell $(CC) -dumpmachine | sed 's/-.*//; s/^i.86$$/i386/; s/^arm.*/arm/; s/^powerpc/ppc/')
examples := $(datadir)/doc/qemu-tapwrap/examples

# Ours stay apart from the user's CPPFLAGS, CFLAGS and LDFLAGS, which come last.
own_cppflags := -I. -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -DSYSCONFDIR='"$(sysconfdir)"' \
	-DHOST_ARCH='"$(arch)"' -DHELPER_PATH='"$(helper)"' -DINSPECT_PATH='"$(inspect)"' \
	-DCONTROL_PATH='"$(control)"' -DLAUNCHER_PATH='"$(launcher)"' \
	-DPOLICY_FILE='"$(policy)"' -DACTION_FILE='"$(action)"' -DPKEXEC_PATH='"$(PKEXEC)"' \
	-DNM_FILE='"$(nm_file)"' -DNETWORKD_FILE='"$(networkd_file)"' -MMD -MP
own_cflags   := -std=gnu11 -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wshadow \
	-fstack-protector-strong -fPIE \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover -fno-omit-frame-pointer)
own_cppflags += $(if $(SANITIZE),-DSANITIZED)
own_ldflags  := -pie -Wl,--as-needed -Wl,-z,relro,-z,now $(if $(SANITIZE),-fsanitize=$(SANITIZE))
pkg_cflags   := $(shell $(PKG_CONFIG) --cflags glib-2.0 libnl-3.0 2>/dev/null)
helper_libs  := $(shell $(PKG_CONFIG) --libs libnl-3.0 2>/dev/null)
nat_cflags   := $(shell $(PKG_CONFIG) --cflags libmnl libnftnl 2>/dev/null)
nat_libs     := $(shell $(PKG_CONFIG) --libs libmnl libnftnl 2>/dev/null)
seccomp_cflags := $(shell $(PKG_CONFIG) --cflags libseccomp 2>/dev/null)
seccomp_libs   := $(shell $(PKG_CONFIG) --libs libseccomp 2>/dev/null)
# Debian 12's libiniparser-dev has no .pc file.
libs         := $(shell $(PKG_CONFIG) --libs glib-2.0 2>/dev/null) $(helper_libs) \
	$(shell $(PKG_CONFIG) --libs iniparser 2>/dev/null || echo -liniparser)

# The platform is a folder. What launcher and helper share in it needs no GLib.
sources := $(wildcard launcher/*.c profiles/*.c platform/$(PLATFORM)/*.c)
shared  := $(patsubst %,platform/$(PLATFORM)/%.c,address adopt dnsmasq fault macvtap nat-rules \
	request tap) $(wildcard platform/$(PLATFORM)/netif*.c)
objects := $(sources:%.c=$(BUILD)/%.o)
core    := $(filter-out %/main.o,$(objects))
inspect_objects := $(patsubst %.c,$(BUILD)/%.o,$(wildcard launcher/inspect/*.c))
control_objects := $(patsubst %.c,$(BUILD)/%.o,$(wildcard launcher/control/*.c))
json_cflags     := $(shell $(PKG_CONFIG) --cflags json-glib-1.0 2>/dev/null)
json_libs       := $(shell $(PKG_CONFIG) --libs json-glib-1.0 2>/dev/null)
gio_cflags      := $(shell $(PKG_CONFIG) --cflags gio-2.0 2>/dev/null)
gio_libs        := $(shell $(PKG_CONFIG) --libs gio-2.0 2>/dev/null)
helper_objects := $(patsubst %.c,$(BUILD)/%.o,$(shared) $(wildcard platform/$(PLATFORM)/helper/*.c))
unit_tests := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*.c))
bench      := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
hostile    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/hostile/*.c))

all: $(addprefix $(BUILD)/,qemu-tapwrap qemu-tapwrap-helper qemu-tapwrap-inspect qemu-tapwrap-control)

$(BUILD)/qemu-tapwrap: $(objects)
	$(CC) $(own_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(libs) $(LDLIBS)

$(BUILD)/platform/$(PLATFORM)/helper/nft.o: pkg_cflags += $(nat_cflags)
$(BUILD)/platform/$(PLATFORM)/helper/seccomp.o: pkg_cflags += $(seccomp_cflags)
$(BUILD)/qemu-tapwrap-helper: $(helper_objects)
	$(CC) $(own_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(helper_libs) $(nat_libs) \
		$(seccomp_libs) $(LDLIBS)

$(inspect_objects) $(control_objects): pkg_cflags += $(json_cflags)
$(BUILD)/qemu-tapwrap-inspect: $(inspect_objects)
$(control_objects): pkg_cflags += $(gio_cflags)
$(BUILD)/qemu-tapwrap-control: $(control_objects)
$(BUILD)/qemu-tapwrap-control: json_libs += $(gio_libs)
$(BUILD)/qemu-tapwrap-inspect $(BUILD)/qemu-tapwrap-control: $(core)
	$(CC) $(own_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(libs) $(json_libs) $(LDLIBS)

# Some look into the helper.
$(BUILD)/tests/unit/policy: $(BUILD)/platform/$(PLATFORM)/helper/policy.o
$(BUILD)/tests/unit/seccomp: $(BUILD)/platform/$(PLATFORM)/helper/seccomp.o
$(BUILD)/tests/unit/seccomp.o: pkg_cflags += $(seccomp_cflags)
$(BUILD)/tests/unit/seccomp: libs += $(seccomp_libs)
$(unit_tests): $(BUILD)/%: $(BUILD)/%.o $(core)
	$(CC) $(own_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(libs) $(LDLIBS)

$(BUILD)/tests/bench/stub: own_ldflags := -static # so that its start is QEMU's exec
$(bench) $(hostile): $(BUILD)/%: $(BUILD)/%.o
	$(CC) $(own_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(libs) $(LDLIBS)

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(own_cppflags) $(pkg_cflags) $(CPPFLAGS) $(own_cflags) $(CFLAGS) -c -o $@ $<

# Paths are compiled in: other flags, new objects.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$(subst ",,$(CC) $(own_cppflags) $(CPPFLAGS) $(own_cflags) $(CFLAGS))" >$@.new
	@cmp -s $@.new $@ || cp $@.new $@

unit := qemu-tapwrap@.service
$(BUILD)/%.service: platform/$(PLATFORM)/systemd/%.service.in FORCE
	@mkdir -p $(@D)
	@sed 's|@bindir@|$(bindir)|g; s|@sysconfdir@|$(sysconfdir)|g; s|@group@|$(GROUP)|' $< >$@

install: all $(BUILD)/user.service $(BUILD)/system.service
	$(INSTALL) -d "$(DESTDIR)$(bindir)" "$(DESTDIR)$(libexecdir)" "$(DESTDIR)$(mandir)/man1" \
		"$(DESTDIR)$(examples)"
	$(INSTALL) -m 755 $(BUILD)/qemu-tapwrap "$(DESTDIR)$(bindir)/"
	$(INSTALL) -m 755 $(BUILD)/qemu-tapwrap-helper "$(DESTDIR)$(helper)"
	$(INSTALL) -m $(inspect_mode) $(BUILD)/qemu-tapwrap-inspect "$(DESTDIR)$(inspect)"
	$(INSTALL) -m 755 $(BUILD)/qemu-tapwrap-control "$(DESTDIR)$(control)"
	$(INSTALL) -m 644 qemu-tapwrap.1 "$(DESTDIR)$(mandir)/man1/"
	$(INSTALL) -m 644 $(wildcard profiles/examples/*.ini) "$(DESTDIR)$(examples)/"
	$(INSTALL) -D -m 644 platform/$(PLATFORM)/neighbours/NetworkManager.conf "$(DESTDIR)$(nm_file)"
	$(INSTALL) -D -m 644 platform/$(PLATFORM)/neighbours/networkd.network "$(DESTDIR)$(networkd_file)"
	$(INSTALL) -D -m 644 $(BUILD)/user.service "$(DESTDIR)$(userunitdir)/$(unit)"
	$(INSTALL) -D -m 644 $(BUILD)/system.service "$(DESTDIR)$(unitdir)/$(unit)"
	$(INSTALL) -D -m 644 platform/$(PLATFORM)/systemd/sysusers.conf "$(DESTDIR)$(sysusersdir)/qemu-tapwrap.conf"
	$(INSTALL) -D -m 644 launcher/completions/qemu-tapwrap.bash "$(DESTDIR)$(bashdir)/qemu-tapwrap"
	$(INSTALL) -D -m 644 launcher/completions/qemu-tapwrap.zsh "$(DESTDIR)$(zshdir)/_qemu-tapwrap"
	$(INSTALL) -D -m 644 launcher/completions/qemu-tapwrap.fish "$(DESTDIR)$(fishdir)/qemu-tapwrap.fish"

# One after the other, however many jobs make has.
ifneq ($(filter install,$(MAKECMDGOALS)),)
install-privilege: install
endif

privilege := HELPER='$(helper)' POLICY='$(policy)' ACTION='$(action)' GROUP='$(GROUP)' \
	DHCP='$(DHCP)' DESTDIR='$(DESTDIR)' sh platform/$(PLATFORM)/privilege.sh

install-privilege:
	@$(privilege) give

uninstall-privilege:
	@$(privilege) take

uninstall: uninstall-privilege
	rm -f "$(DESTDIR)$(bindir)/qemu-tapwrap" "$(DESTDIR)$(helper)" "$(DESTDIR)$(inspect)" \
		"$(DESTDIR)$(control)" "$(DESTDIR)$(mandir)/man1/qemu-tapwrap.1" \
		"$(DESTDIR)$(nm_file)" "$(DESTDIR)$(networkd_file)" \
		"$(DESTDIR)$(userunitdir)/$(unit)" "$(DESTDIR)$(unitdir)/$(unit)" \
		"$(DESTDIR)$(sysusersdir)/qemu-tapwrap.conf" "$(DESTDIR)$(bashdir)/qemu-tapwrap" \
		"$(DESTDIR)$(zshdir)/_qemu-tapwrap" "$(DESTDIR)$(fishdir)/qemu-tapwrap.fish"
	rm -rf "$(DESTDIR)$(datadir)/doc/qemu-tapwrap"

# Under sudo it talks to a helper of root's. What cannot be read, other processes of its user cannot
# look into either: nor can LeakSanitizer.
inspect_mode := $(if $(SANITIZE),755,711)

# Demo and tests run what an installation would be, in namespaces of their own: tests/world.sh.
world := $(BUILD)-world
into_world = @$(MAKE) -s BUILD=$(world) PREFIX=/srv sysconfdir=/srv/etc DESTDIR='$(CURDIR)/$(world)/stage'
stage: FORCE
	$(into_world) install

# Programs that attack the installed helper.
hostile: $(hostile)

# What tests do to processes at system calls.
$(world)/point: tests/faults/point.c
	@mkdir -p $(@D)
	$(CC) $(own_cppflags) $(CPPFLAGS) -std=gnu11 -Wall -Wextra $(CFLAGS) $(LDFLAGS) -o $@ $< $(LDLIBS)

demo:
	@sh platform/$(PLATFORM)/packages.sh demo
	@$(MAKE) -s stage
	@sh tests/world.sh '$(CURDIR)/$(world)/stage' sh profiles/examples/demo.sh

check:
	@sh platform/$(PLATFORM)/packages.sh check
	@$(MAKE) -s stage $(unit_tests) $(world)/point
	$(into_world) hostile
	STAGE='$(CURDIR)/$(world)/stage' prove --exec '' -j$(JOBS) $(PROVEFLAGS) $(unit_tests) $(or $(TESTS),$(wildcard tests/*.t))

# The tests that otherwise take a sample of what there is; they, or what they are made of, say so.
long := $(shell grep -lE 'thorough\(\)|make check-long' tests/*.t)
check-long: export THOROUGH := 1
check-long:
	@$(MAKE) check TESTS='$(or $(TESTS),$(long))'

bench: stage $(bench)
	@sh tests/world.sh '$(CURDIR)/$(world)/stage' sh tests/bench/run.sh '$(CURDIR)/$(BUILD)/tests/bench'

# make fuzz FUZZ=profile FUZZ_SECONDS=600, or FUZZ=ini, value, request, policy; with clang's libFuzzer.
# Finds are kept in build/fuzz.
FUZZ         ?= profile
FUZZ_SECONDS ?= 60
fuzz_flags   := -fsanitize=address,undefined -fno-sanitize-recover
fuzz:
	@$(MAKE) -s CC=clang BUILD=build/fuzz CFLAGS='-O1 -g -fsanitize=fuzzer-no-link $(fuzz_flags)' \
		FUZZ='$(FUZZ)' build/fuzz/fuzz-$(FUZZ)
	@mkdir -p build/fuzz/corpus-$(FUZZ)
	build/fuzz/fuzz-$(FUZZ) -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/ \
		-max_len=$(if $(filter request,$(FUZZ)),12288,4096) -timeout=5 \
		build/fuzz/corpus-$(FUZZ) $(fuzz_seeds)

fuzz_seeds := $(if $(filter policy request,$(FUZZ)),,tests/golden profiles/examples)
$(BUILD)/fuzz-policy $(BUILD)/fuzz-request: $(BUILD)/platform/$(PLATFORM)/helper/policy.o
$(BUILD)/fuzz-$(FUZZ): $(BUILD)/tests/fuzz/$(FUZZ).o $(core)
	$(CC) -fsanitize=fuzzer $(fuzz_flags) -o $@ $^ $(libs)

lint:
	clang-format --dry-run -Werror $(shell git ls-files '*.c' '*.h')
	shellcheck $(shell git ls-files '*.sh' '*.bash') .ci/run
	mandoc -T lint -W warning qemu-tapwrap.1
	cppcheck -q --error-exitcode=1 --library=gtk '-DG_DEFINE_QUARK(name,function)=' -I. \
		--suppress=memleak:profiles/problems.c launcher profiles platform # g_array owns it

clean:
	rm -rf build

FORCE:
.PHONY: all install install-privilege uninstall-privilege uninstall stage hostile demo check check-long bench fuzz lint clean FORCE
-include $(shell find $(BUILD) -type f -name '*.d' 2>/dev/null)
