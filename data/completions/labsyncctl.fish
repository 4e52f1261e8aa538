# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for labsyncctl(1)

set -l entities grade attendance announcement library_material event user message conversation notification

function __labsyncctl_events
    for kind in grade announcement event user message conversation
        printf '%s\n' {$kind}_created {$kind}_updated {$kind}_deleted
    end
    printf '%s\n' attendance_marked attendance_updated attendance_deleted library_material_added \
        library_material_updated library_material_deleted user_role_changed user_status_changed message_read \
        notification_created notification_read notification_deleted user_online user_offline user_heartbeat \
        presence_update
end

function __labsyncctl_keys
    labsyncctl config --json 2>/dev/null | string match -rga '"key":"([^"]*)"'
end

function __labsyncctl_actions
    labsyncctl queue list --json 2>/dev/null | string match -rga '\{"id":"([^"]*)"'
end

function __labsyncctl_apps
    labsyncctl apps --json 2>/dev/null | string match -rga '"app":"([^"]*)"'
end

# Whether the command is queue, with one of these or, without any, none of its own yet.
function __labsyncctl_queue
    set -l words (commandline -opc)
    set -l word (string match -v -- '-*' $words[2..])
    test "$word[1]" = queue; or return
    test (count $argv) -gt 0; and contains -- "$word[2]" $argv; and return
    test (count $argv) -eq 0 -a (count $word) -eq 1
end

# Whether it is another command than queue that has one of these.
function __labsyncctl_command
    not __fish_seen_subcommand_from queue; and __fish_seen_subcommand_from $argv
end

complete -c labsyncctl -f
complete -c labsyncctl -l json -d 'Print JSON'
complete -c labsyncctl -s h -l help -d 'Show help'
complete -c labsyncctl -n __fish_use_subcommand -l version -d 'Print the version'

complete -c labsyncctl -n __fish_use_subcommand -a status -d 'Show the connection, who is signed in, and what is not sent'
complete -c labsyncctl -n __fish_use_subcommand -a watch -d 'Show changes as they happen'
complete -c labsyncctl -n __fish_use_subcommand -a events -d 'List what has changed'
complete -c labsyncctl -n __fish_use_subcommand -a get -d 'Show a row'
complete -c labsyncctl -n __fish_use_subcommand -a list -d 'List the rows of a kind'
complete -c labsyncctl -n __fish_use_subcommand -a queue -d 'Show and change what is on its way to the server'
complete -c labsyncctl -n __fish_use_subcommand -a conflicts -d 'List what you and somebody else have changed'
complete -c labsyncctl -n __fish_use_subcommand -a sign-in -d 'Sign in'
complete -c labsyncctl -n __fish_use_subcommand -a sign-out -d 'Sign out'
complete -c labsyncctl -n __fish_use_subcommand -a sync -d 'Fetch whatever is new now'
complete -c labsyncctl -n __fish_use_subcommand -a connect -d 'Connect, and stay connected'
complete -c labsyncctl -n __fish_use_subcommand -a reconnect -d 'Drop the connection and try again'
complete -c labsyncctl -n __fish_use_subcommand -a disconnect -d 'Disconnect until connect'
complete -c labsyncctl -n __fish_use_subcommand -a audit -d 'List which app did what in your name'
complete -c labsyncctl -n __fish_use_subcommand -a apps -d 'List which apps may use the data, and decide about one'
complete -c labsyncctl -n __fish_use_subcommand -a config -d 'Show the settings'

complete -c labsyncctl -n '__fish_seen_subcommand_from watch' -a '(__labsyncctl_events)'
complete -c labsyncctl -n '__fish_seen_subcommand_from events' -x -l since -d 'After this cursor'
complete -c labsyncctl -n '__labsyncctl_command events list audit' -x -l limit -d 'At most so many'
complete -c labsyncctl -n '__labsyncctl_command get list' -x -l max-age -d 'Ask the server if older'
complete -c labsyncctl -n '__labsyncctl_command get list' -x -l view -a 'server pending merged' -d 'With your own changes or without'
complete -c labsyncctl -n "__labsyncctl_command get list; and not __fish_seen_subcommand_from $entities" -a "$entities"
complete -c labsyncctl -n '__labsyncctl_command list' -x -l filter -d 'Only these rows'
complete -c labsyncctl -n '__labsyncctl_command list' -x -l order-by -d 'Sort by this member'
complete -c labsyncctl -n '__labsyncctl_command list' -l descending -d 'Sort the other way round'
complete -c labsyncctl -n '__labsyncctl_command list' -x -l after -d 'Go on where a list ended'
complete -c labsyncctl -n '__fish_seen_subcommand_from sign-out' -l wipe -d 'Delete the data from this machine'
complete -c labsyncctl -n '__fish_seen_subcommand_from sign-out' -l discard-unsent -d 'Also what the server does not have'
complete -c labsyncctl -n '__fish_seen_subcommand_from audit' -l sent -d 'Only what left this computer'
complete -c labsyncctl -n '__fish_seen_subcommand_from audit' -x -l before -d 'Before this number'
complete -c labsyncctl -n '__labsyncctl_command apps; and not __fish_seen_subcommand_from allow deny forget' -a 'allow deny forget'
complete -c labsyncctl -n '__labsyncctl_command apps; and __fish_seen_subcommand_from allow deny forget' -a '(__labsyncctl_apps)'
complete -c labsyncctl -n '__fish_seen_subcommand_from config' -r -F -l config -d 'Settings file'
complete -c labsyncctl -n '__fish_seen_subcommand_from config; and not __fish_seen_subcommand_from explain' -a explain
complete -c labsyncctl -n '__fish_seen_subcommand_from explain' -a '(__labsyncctl_keys)'

complete -c labsyncctl -n __labsyncctl_queue -a list -d 'List the actions'
complete -c labsyncctl -n __labsyncctl_queue -a add -d 'Do something'
complete -c labsyncctl -n __labsyncctl_queue -a show -d 'Show an action'
complete -c labsyncctl -n __labsyncctl_queue -a edit -d 'Change what an action sends'
complete -c labsyncctl -n __labsyncctl_queue -a cancel -d 'Take an action back'
complete -c labsyncctl -n __labsyncctl_queue -a retry -d 'Send failed actions again'
complete -c labsyncctl -n __labsyncctl_queue -a discard -d 'Give up a failed action or one in conflict'
complete -c labsyncctl -n __labsyncctl_queue -a resolve -d 'Settle a conflict'
complete -c labsyncctl -n __labsyncctl_queue -a undo -d 'Bring back the side that lost a conflict'
complete -c labsyncctl -n __labsyncctl_queue -a export -d 'Print everything as JSON'
complete -c labsyncctl -n '__labsyncctl_queue list' -x -l status -d 'Only with this status' \
    -a 'pending syncing completed failed conflict cancelled'
complete -c labsyncctl -n '__labsyncctl_queue list add' -x -l entity -a "$entities" -d 'What kind of data'
complete -c labsyncctl -n '__labsyncctl_queue add' -x -l type -d 'What to do' \
    -a 'create update delete publish submit approve reject analyze'
complete -c labsyncctl -n '__labsyncctl_queue add' -x -l entity-id -d 'To which row'
complete -c labsyncctl -n '__labsyncctl_queue add' -x -l endpoint -d 'To which path'
complete -c labsyncctl -n '__labsyncctl_queue add' -x -l method -a 'POST PUT PATCH DELETE' -d 'How'
complete -c labsyncctl -n '__labsyncctl_queue add' -x -l base-version -d 'What it was made from'
complete -c labsyncctl -n '__labsyncctl_queue add' -x -l depends-on -a '(__labsyncctl_actions)' -d 'Has to be done before'
complete -c labsyncctl -n '__labsyncctl_queue add' -x -l idempotency-key -d 'The same key is the same action'
complete -c labsyncctl -n '__labsyncctl_queue add' -l coalesce -d 'May be merged with the next change'
complete -c labsyncctl -n '__labsyncctl_queue add edit resolve' -x -l data -d 'What to send'
complete -c labsyncctl -n '__labsyncctl_queue retry' -l all -d 'All that have failed'
complete -c labsyncctl -n '__labsyncctl_queue resolve' -x -l server-version -d 'Only if it still is this'
complete -c labsyncctl -n '__labsyncctl_queue resolve' -a 'keep_local use_server merge'
complete -c labsyncctl -n '__labsyncctl_queue show edit cancel retry discard resolve undo' -a '(__labsyncctl_actions)'
