#!/bin/sh
# Sets a server up, or brings it up to date: run it again at any time. As root:
#
#   python3.11 -m venv /opt/medsynth && /opt/medsynth/bin/pip install --constraint constraints.txt .
#   sh deploy/install.sh
#
# What it does, in this order: an account without a password and two more names of it; folders; files of
# /etc/medsynth; sshd's Match blocks, tested before they are taken; four systemd units. It makes no store and starts
# nothing that needs one: it says what is left to do. Nothing that is there already is overwritten but our own files; a
# unit that differs is kept beside the new one, and said.
#
# --into DIR --owner UID:GID   the files alone, below DIR, for a container or a test: no accounts, no services.
set -eu
umask 022

STUDIO=${STUDIO:-medsynth}
PYTHON=${PYTHON:-/opt/medsynth/bin/python}
INTO= OWNER=
while [ $# -gt 0 ]; do
    case $1 in
        --into) INTO=$2; shift 2 ;;
        --owner) OWNER=$2; shift 2 ;;
        *) echo "usage: sh deploy/install.sh [--into DIR --owner UID:GID]" >&2; exit 2 ;;
    esac
done
# These end up in a command line that sshd gives to a shell, in names of accounts and in sed's patterns.
case $STUDIO in "" | [!a-z]* | *[!a-z0-9_-]*) echo "STUDIO: small letters, digits, - and _." >&2; exit 2 ;; esac
case $PYTHON$INTO in *[!A-Za-z0-9/._+-]*) echo "PYTHON and DIR: plain paths, without spaces." >&2; exit 2 ;; esac
case $PYTHON in /*) ;; *) echo "PYTHON: a path from the top." >&2; exit 2 ;; esac
HERE=$(cd "$(dirname "$0")" && pwd)
ETC=$INTO/etc/medsynth LIB=$INTO/usr/local/lib/medsynth SRV=$INTO/srv/medsynth
SSHD=$INTO/etc/ssh/sshd_config.d UNITS=$INTO/etc/systemd/system

say() { printf '%s\n' "$*" >&2; }

render() { # template, target: placeholders filled in, put in place whole
    sed -e "s|@STUDIO@|$STUDIO|g" -e "s|@PYTHON@|$PYTHON|g" -e "s|@ETC@|$ETC|g" -e "s|@LIB@|$LIB|g" \
        -e "s|@SRV@|$SRV|g" "$HERE/templates/$1" >"$2.partial"
    chmod 0644 "$2.partial"
    mv "$2.partial" "$2"
}

"$PYTHON" -I -c 'import medsynth_tui' 2>/dev/null || { say "There is no MedSynth at $PYTHON."; exit 1; }
[ "$(id -u)" = 0 ] || { say "This needs root: it makes accounts and files of root."; exit 1; }

# 1. One account, three names: what comes in by -in belongs to who reads it, without anybody changing its owner. The
#    password is '*': none can be given. The home is a folder of root, so no file in it lets anybody in.
if [ -z "$INTO" ]; then
    OWNER=$STUDIO:$STUDIO
    getent group "$STUDIO" >/dev/null || groupadd --system "$STUDIO"
    getent passwd "$STUDIO" >/dev/null || useradd --system --gid "$STUDIO" --home-dir "$SRV" --no-create-home \
        --shell /bin/sh --password '*' --comment 'MedSynth studio' "$STUDIO"
    for name in in out; do
        getent passwd "$STUDIO-$name" >/dev/null || useradd --system --non-unique --uid "$(id -u "$STUDIO")" --gid "$STUDIO" \
            --home-dir "$SRV/$name" --no-create-home --shell /usr/sbin/nologin --password '*' \
            --comment "MedSynth files $name" "$STUDIO-$name"
    done
fi

# 2. Folders. What sshd shuts somebody into has to be root's, up to the top; what is written lies one below. Into `in`
#    and `out` no other account comes: who puts a file there may change its mode.
install -d -m 0755 "$ETC" "$ETC/keys" "$LIB" "$SSHD" "$UNITS" "$SRV"
install -d -m 0750 -o 0 -g "${OWNER##*:}" "$SRV/in" "$SRV/out"
for folder in home in/inbox out/released backups; do
    install -d -m 0700 -o "${OWNER%%:*}" -g "${OWNER##*:}" "$SRV/$folder"
done

# 3. Our files.
install -m 0755 "$HERE/door.py" "$LIB/door.py"
for list in studio in out; do
    [ -e "$ETC/keys/$list" ] || install -m 0644 /dev/null "$ETC/keys/$list"
done
[ -e "$ETC/medsynth.env" ] || render medsynth.env "$ETC/medsynth.env" # yours to change

# 4. sshd. Where it does not take what comes out, whosever fault that is, our block is put back as it was: nobody who
#    could come in before is locked out.
ours=$SSHD/medsynth.conf had=
put_back() { # once or twice: a signal may come while it is done already
    if [ -e "$ours.before" ]; then mv "$ours.before" "$ours"; elif [ -z "$had" ]; then rm -f "$ours"; fi
}
if [ -z "$INTO" ]; then
    if [ -e "$ours.before" ]; then mv "$ours.before" "$ours"; fi # an earlier one was killed before it knew
    if [ -e "$ours" ]; then
        had=yes
        { cp -p "$ours" "$ours.before.partial" && mv "$ours.before.partial" "$ours.before"; } ||
            { rm -f "$ours.before.partial"; say "sshd's Match blocks cannot be kept aside: nothing of sshd was changed."; exit 1; }
    fi
    trap 'put_back; exit 1' HUP INT TERM
fi
render sshd_medsynth.conf "$ours"
if [ -z "$INTO" ]; then
    grep -Eqi '^[[:space:]]*Include[[:space:]]+/etc/ssh/sshd_config\.d/' /etc/ssh/sshd_config ||
        say "Put this line first into /etc/ssh/sshd_config:  Include /etc/ssh/sshd_config.d/*.conf"
    sshd=$(command -v sshd || echo /usr/sbin/sshd)
    if ! "$sshd" -t; then
        put_back
        if "$sshd" -t 2>/dev/null; then why="our Match blocks"; else why="its configuration, which is not ours: mend that first"; fi
        say "sshd does not take $why. Nothing was changed for it."
        exit 1
    fi
    trap - HUP INT TERM
    rm -f "$ours.before"
    "$sshd" -T -C "user=$STUDIO,host=localhost,addr=127.0.0.1" | grep -qi "^forcecommand .*door.py" ||
        { say "sshd does not know our Match block: the door would not be there."; exit 1; }
fi

# 5. Services. The units are ours, and are written anew; what an admin changes lies beside them, by `systemctl edit`.
for unit in medsynth-trainer.service medsynth-queue.service medsynth-backup.service medsynth-backup.timer; do
    render "$unit" "$UNITS/$unit.new"
    if [ -e "$UNITS/$unit" ] && ! cmp -s "$UNITS/$unit" "$UNITS/$unit.new"; then
        cp -p "$UNITS/$unit" "$UNITS/$unit.before"
        say "$unit was another one: it is kept as $UNITS/$unit.before. Changes of your own: systemctl edit $unit"
    fi
    mv "$UNITS/$unit.new" "$UNITS/$unit"
done
[ -n "$INTO" ] && exit 0
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl enable --quiet medsynth-trainer.service medsynth-queue.service medsynth-backup.timer
    systemctl try-reload-or-restart ssh.service || true
fi
say "Done. What is left, and in which order, is in docs/deployment.md:"
say "  the store          runuser -u $STUDIO -- env MEDSYNTH_HOME=$SRV/home ${PYTHON%/*}/medsynth init --admin NAME"
say "  keys of people     $PYTHON -I $LIB/door.py admit $ETC studio NAME < name.pub"
say "  the services       systemctl start medsynth-trainer medsynth-queue medsynth-backup.timer"
