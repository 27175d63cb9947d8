#!/usr/bin/env bash
# A real Slurm on this machine: one node, loopback alone, everything in one folder, gone after MINUTES (20) at the latest.
#
#   benchmarks/slurm_local.sh start FOLDER [MINUTES]    prints what to set: export SLURM_CONF=FOLDER/slurm.conf
#   benchmarks/slurm_local.sh stop FOLDER
#
# Needs Debian's packages (apt-get install slurm-wlm munge) and root, as whom slurmd starts jobs. FOLDER must not exist.
# Exit codes: 0 done, 4 wrong usage or a program is missing, 1 Slurm did not come up within a minute.
set -euo pipefail

fail() { echo "$2" >&2; exit "$1"; }

usage() { fail 4 "usage: $0 start FOLDER [MINUTES] | stop FOLDER"; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

missing() {
  for program in munged slurmctld slurmd sbatch squeue scontrol python3; do
    command -v "$program" >/dev/null || fail 4 "$program is not installed: apt-get install slurm-wlm munge"
  done
  [ "$(id -u)" = 0 ] || fail 4 "slurmd starts jobs as root only."
}

configure() {
  local folder=$1 name memory
  name=$(hostname -s)
  memory=$(awk "/MemTotal/ {print int(\$2 / 1024)}" /proc/meminfo)
  mkdir -m 700 "$folder"
  mkdir "$folder/state" "$folder/spool" "$folder/munge"
  (umask 077; head -c 128 /dev/urandom >"$folder/munge/key")
  cat >"$folder/slurm.conf" <<CONF
ClusterName=local
SlurmctldHost=$name(127.0.0.1)
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$folder/munge/socket,cred_expire=5
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
JobRequeue=1
KillWait=30
OverTimeLimit=0
ReturnToService=2
NodeName=$name NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory State=UNKNOWN
PartitionName=short Nodes=ALL Default=YES MaxTime=60 State=UP
CONF
}

start() {
  local folder=$1 minutes=${2:-20}
  missing
  [ ! -e "$folder" ] || fail 4 "$folder exists already."
  configure "$folder"
  export SLURM_CONF="$folder/slurm.conf"
  munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" \
    --seed-file="$folder/munge/seed" --log-file="$folder/munge/log" >/dev/null 2>"$folder/munge/said" ||
    { cat "$folder/munge/said" >&2; fail 1 "munged did not start."; }
  slurmctld -c </dev/null >"$folder/said" 2>&1 && slurmd </dev/null >>"$folder/said" 2>&1 ||
    { cat "$folder/said" >&2; stop "$folder"; fail 1 "Slurm did not start."; }
  setsid -f "$0" stop-after "$folder" "$minutes" </dev/null >/dev/null 2>&1
  for _ in $(seq 60); do
    [ "$(sinfo -h -o %t 2>/dev/null)" = idle ] && { echo "export SLURM_CONF=$SLURM_CONF"; return; }
    sleep 1
  done
  stop "$folder"
  fail 1 "The node did not come up within a minute; see $folder/slurmctld.log."
}

stop() {
  local folder=$1 file
  [ -e "$folder/slurm.conf" ] || fail 4 "$folder holds no Slurm of ours."
  SLURM_CONF="$folder/slurm.conf" timeout 20 scancel --quiet --user root 2>/dev/null || true
  for file in "$folder/slurmd.pid" "$folder/slurmctld.pid" "$folder/munge/pid"; do end "$file"; done
  touch "$folder/stopped"
}

# Ends the process of a pid file, if it is still the program that wrote it.
end() {
  local pid name
  pid=$(cat "$1" 2>/dev/null) || return 0
  name=$(cat "/proc/$pid/comm" 2>/dev/null) || return 0
  case $name in slurmd | slurmctld | munged) kill "$pid" ;; *) return 0 ;; esac
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null || true
}

[ $# -ge 2 ] || usage
case $1 in
  start) start "$(realpath -m "$2")" "${3:-20}" ;;
  stop) stop "$(realpath -m "$2")" ;;
  stop-after)
    for _ in $(seq $((60 * $3 / 5))); do
      [ -e "$2/slurm.conf" ] && [ ! -e "$2/stopped" ] || exit 0
      sleep 5
    done
    stop "$2"
    ;;
  *) usage ;;
esac
