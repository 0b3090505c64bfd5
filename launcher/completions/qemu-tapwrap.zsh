#compdef qemu-tapwrap
# SPDX-License-Identifier: MIT
#
# zsh completion for qemu-tapwrap(1). What could come next is known to the program itself; here is
# only how zsh wants it.

local lines line value files=
local -a arguments whole begun about_whole about_begun

arguments=("${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}")
arguments=("${(@)arguments/#\~\//$HOME/}")
lines=$(_call_program candidates \
	${(q)arguments[1]} --complete -- "${(@qq)arguments[2,-1]}" 2>/dev/null)
for line in "${(@f)lines}"; do
	value=${line%%$'\t'*}
	case $line in
	$'\tprofiles') files='*.ini(-.)' ;;
	$'\tfiles') files='*' ;;
	'') ;;
	*)
		if [[ $value == *[=.] ]]; then
			begun+=("$value")
			about_begun+=("${${line/$'\t'/  -- }%  -- }")
		else
			whole+=("$value")
			about_whole+=("${${line/$'\t'/  -- }%  -- }")
		fi
		;;
	esac
done

local result=1
if (($#whole)); then
	compadd -l -d about_whole -a whole && result=0
fi
if (($#begun)); then
	compadd -S '' -l -d about_begun -a begun && result=0
fi
if [[ -n $files ]]; then
	_files -g "$files" && result=0
fi
return result
