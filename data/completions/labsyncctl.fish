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

complete -c labsyncctl -f
complete -c labsyncctl -l json -d 'Print JSON'
complete -c labsyncctl -s h -l help -d 'Show help'
complete -c labsyncctl -n __fish_use_subcommand -l version -d 'Print the version'

complete -c labsyncctl -n __fish_use_subcommand -a status -d 'Show the connection and who is signed in'
complete -c labsyncctl -n __fish_use_subcommand -a watch -d 'Show changes as they happen'
complete -c labsyncctl -n __fish_use_subcommand -a events -d 'List what has changed'
complete -c labsyncctl -n __fish_use_subcommand -a get -d 'Show a row'
complete -c labsyncctl -n __fish_use_subcommand -a list -d 'List the rows of a kind'
complete -c labsyncctl -n __fish_use_subcommand -a sign-in -d 'Sign in'
complete -c labsyncctl -n __fish_use_subcommand -a sign-out -d 'Sign out'
complete -c labsyncctl -n __fish_use_subcommand -a sync -d 'Fetch whatever is new now'
complete -c labsyncctl -n __fish_use_subcommand -a connect -d 'Connect, and stay connected'
complete -c labsyncctl -n __fish_use_subcommand -a reconnect -d 'Drop the connection and try again'
complete -c labsyncctl -n __fish_use_subcommand -a disconnect -d 'Disconnect until connect'
complete -c labsyncctl -n __fish_use_subcommand -a config -d 'Show the settings'

complete -c labsyncctl -n '__fish_seen_subcommand_from watch' -a '(__labsyncctl_events)'
complete -c labsyncctl -n '__fish_seen_subcommand_from events' -x -l since -d 'After this cursor'
complete -c labsyncctl -n '__fish_seen_subcommand_from events list' -x -l limit -d 'At most so many'
complete -c labsyncctl -n '__fish_seen_subcommand_from get list' -x -l max-age -d 'Ask the server if older'
complete -c labsyncctl -n "__fish_seen_subcommand_from get list; and not __fish_seen_subcommand_from $entities" -a "$entities"
complete -c labsyncctl -n '__fish_seen_subcommand_from list' -x -l filter -d 'Only these rows'
complete -c labsyncctl -n '__fish_seen_subcommand_from list' -x -l order-by -d 'Sort by this member'
complete -c labsyncctl -n '__fish_seen_subcommand_from list' -l descending -d 'Sort the other way round'
complete -c labsyncctl -n '__fish_seen_subcommand_from list' -x -l after -d 'Go on where a list ended'
complete -c labsyncctl -n '__fish_seen_subcommand_from sign-out' -l wipe -d 'Delete the data from this machine'
complete -c labsyncctl -n '__fish_seen_subcommand_from config' -r -F -l config -d 'Settings file'
complete -c labsyncctl -n '__fish_seen_subcommand_from config; and not __fish_seen_subcommand_from explain' -a explain
complete -c labsyncctl -n '__fish_seen_subcommand_from explain' -a '(__labsyncctl_keys)'
