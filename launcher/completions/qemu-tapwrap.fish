# SPDX-License-Identifier: MIT
#
# fish completion for qemu-tapwrap(1). What could come next is known to the program itself; here is
# only how fish wants it.

function __qemu_tapwrap_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l current (string unescape -- $typed; or echo -- $typed)
    set -l tab (printf '\t')

    for line in ($words[1] --complete -- $words[2..] "$current" 2>/dev/null)
        switch $line
            case $tab'profiles'
                complete -C "'' $typed" | string match -r '^[^\t]*(?:/|\.ini)(?:\t.*)?$'
            case $tab'files'
                complete -C "'' $typed"
            case '*'
                echo -- $line
        end
    end
end

complete -c qemu-tapwrap -f -a '(__qemu_tapwrap_complete)'
