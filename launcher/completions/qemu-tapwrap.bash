# SPDX-License-Identifier: MIT
#
# bash completion for qemu-tapwrap(1). What could come next is known to the program itself; here is
# only how bash wants it. Needs bash 4.3, and nothing of bash-completion but that it loads this.

# Sets REPLY to a word without quotes and backslashes, and with ~ expanded: as the program would get
# it.
_qemu_tapwrap_unquote()
{
	case $1 in
	\'*) REPLY=${1#\'} REPLY=${REPLY%\'} ;;
	\"*) REPLY=${1#\"} REPLY=${REPLY%\"} ;;
	\~/*) REPLY=$HOME${1#\~} REPLY=${REPLY//\\/} ;;
	*) REPLY=${1//\\/} ;;
	esac
}

# bash splits words at '=' and ':', too: puts them together again, up to the cursor.
_qemu_tapwrap_words()
{
	local rest=${COMP_LINE:0:COMP_POINT} part i

	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		part=${COMP_WORDS[i]}
		if ((i == COMP_CWORD)); then
			part=${rest#"${rest%%[![:blank:]]*}"}
		fi
		if ((i > 0)) && [[ $rest != [[:blank:]]* ]]; then
			words[-1]+=$part
		else
			words+=("$part")
		fi
		rest=${rest#"${rest%%[![:blank:]]*}"}
		rest=${rest#"$part"}
	done
}

# Directories, and files of that kind.
_qemu_tapwrap_files()
{
	local file

	while IFS= read -r file; do
		# shellcheck disable=SC2053 # it is a pattern
		if [[ $file == $1 || -d ${file/#\~\//$HOME/} ]]; then
			COMPREPLY+=("$file")
		fi
	done < <(compgen -f -- "$2")
	compopt -o filenames
}

_qemu_tapwrap()
{
	local words word current prefix line REPLY arguments=()

	_qemu_tapwrap_words
	for word in "${words[@]}"; do
		_qemu_tapwrap_unquote "$word"
		arguments+=("$REPLY")
	done
	current=${arguments[-1]}
	if [[ ${words[-1]} == \~/* ]]; then
		current="~${current#"$HOME"}" # compgen expands it, and gives it back
	fi
	prefix=
	if [[ $COMP_WORDBREAKS == *=* ]]; then
		prefix=${current%"${current##*=}"}
	fi
	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		$'\tprofiles') _qemu_tapwrap_files '*.ini' "$current" ;;
		$'\tfiles') _qemu_tapwrap_files '*' "$current" ;;
		*)
			line=${line%%$'\t'*}
			COMPREPLY+=("${line#"$prefix"}")
			case $line in
			*[=.]) compopt -o nospace ;;
			*[!A-Za-z0-9=.:,_+-]*) compopt -o filenames ;; # quotes them
			esac
			;;
		esac
	done < <("${arguments[0]}" --complete -- "${arguments[@]:1}" 2>/dev/null)
}

complete -F _qemu_tapwrap qemu-tapwrap
