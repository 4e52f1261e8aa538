# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for labsyncctl(1)

_labsyncctl_events ()
{
  local kind
  for kind in grade announcement event user message conversation; do
    printf '%s\n' "${kind}_created" "${kind}_updated" "${kind}_deleted"
  done
  printf '%s\n' attendance_marked attendance_updated attendance_deleted library_material_added \
    library_material_updated library_material_deleted user_role_changed user_status_changed message_read \
    notification_created notification_read notification_deleted user_online user_offline user_heartbeat \
    presence_update
}

_labsyncctl ()
{
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local commands='status watch events get list sign-in sign-out sync connect reconnect disconnect config'
  local entities='grade attendance announcement library_material event user message conversation notification'
  local command='' word words='' options='--json --help' place=0 index

  for ((index = 1; index < COMP_CWORD; index++)); do
    word=${COMP_WORDS[index]}
    if [[ -z $command ]]; then
      [[ $word == -* ]] || command=$word
    elif [[ $word != -* ]]; then
      ((place += 1))
    fi
  done

  case $command in
    '') words=$commands options+=' --version' ;;
    watch) words=$(_labsyncctl_events) ;;
    events) options+=' --since --limit' ;;
    get) options+=' --max-age' ;;
    list) options+=' --filter --order-by --descending --limit --after --max-age' ;;
    sign-out) options+=' --wipe' ;;
    config) options+=' --config' ;;
  esac
  case $command:$place in
    get:0 | list:0) words=$entities ;;
    config:0) words=explain ;;
    config:1) words=$(labsyncctl config --json 2>/dev/null | grep -o '"key":"[^"]*"' | cut -d'"' -f4) ;;
  esac
  case $previous in
    --config)
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    --since | --limit | --max-age | --filter | --order-by | --after)
      COMPREPLY=()
      return
      ;;
  esac

  [[ $current != -* ]] || words=$options
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

complete -F _labsyncctl labsyncctl
