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

_labsyncctl_actions ()
{
  labsyncctl queue list --json 2>/dev/null | grep -o '{"id":"[^"]*"' | cut -d'"' -f4
}

_labsyncctl_apps ()
{
  labsyncctl apps --json 2>/dev/null | grep -o '"app":"[^"]*"' | cut -d'"' -f4
}

_labsyncctl ()
{
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local commands='status watch events get list queue conflicts sign-in sign-out sync connect reconnect disconnect audit apps config'
  local queue='list add show edit cancel retry discard resolve undo export'
  local entities='grade attendance announcement library_material event user message conversation notification'
  local command='' word words='' options='--json --help' place=0 index

  for ((index = 1; index < COMP_CWORD; index++)); do
    word=${COMP_WORDS[index]}
    if [[ -z $command ]]; then
      [[ $word == -* ]] || command=$word
    elif [[ $command == queue && $word != -* ]]; then
      command=queue-$word
    elif [[ $word != -* ]]; then
      ((place += 1))
    fi
  done

  case $command in
    '') words=$commands options+=' --version' ;;
    watch) words=$(_labsyncctl_events) ;;
    events) options+=' --since --limit' ;;
    get) options+=' --max-age --view' ;;
    list) options+=' --filter --order-by --descending --limit --after --max-age --view' ;;
    queue) words=$queue ;;
    queue-list) options+=' --status --entity' ;;
    queue-add)
      options+=' --type --entity --entity-id --data --endpoint --method --base-version --depends-on'
      options+=' --idempotency-key --coalesce'
      ;;
    queue-edit) options+=' --data' ;;
    queue-retry) options+=' --all' ;;
    queue-resolve) options+=' --data --server-version' ;;
    sign-out) options+=' --wipe --discard-unsent' ;;
    audit) options+=' --sent --limit --before' ;;
    config) options+=' --config' ;;
  esac
  case $command:$place in
    get:0 | list:0) words=$entities ;;
    queue-show:0 | queue-edit:0 | queue-cancel:0 | queue-retry:0 | queue-discard:0 | queue-resolve:0 | queue-undo:0)
      words=$(_labsyncctl_actions)
      ;;
    queue-resolve:1) words='keep_local use_server merge' ;;
    apps:0) words='allow deny forget' ;;
    apps:1) words=$(_labsyncctl_apps) ;;
    config:0) words=explain ;;
    config:1) words=$(labsyncctl config --json 2>/dev/null | grep -o '"key":"[^"]*"' | cut -d'"' -f4) ;;
  esac
  case $previous in
    --config)
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    --view) words='server pending merged' ;;
    --entity) words=$entities ;;
    --status) words='pending syncing completed failed conflict cancelled' ;;
    --type) words='create update delete publish submit approve reject analyze' ;;
    --method) words='POST PUT PATCH DELETE' ;;
    --depends-on) words=$(_labsyncctl_actions) ;;
    --since | --limit | --max-age | --filter | --order-by | --after | --before | --entity-id | --data | --endpoint | \
      --base-version | --idempotency-key | --server-version)
      COMPREPLY=()
      return
      ;;
  esac

  [[ $current != -* ]] || words=$options
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

complete -F _labsyncctl labsyncctl
