#!/usr/bin/env bash
# Starts a Slurm cluster for tests on this machine: its own munged, one slurmctld and NODES slurmd, on loopback, without systemd or cgroups.
# Everything is in FOLDER, pid files in FOLDER/run; nothing outside it is written. stop.sh FOLDER ends it.
# Needs Debian's slurmctld, slurmd, slurm-client and munge, and root (slurmd starts tasks as their users).
# Usage: start.sh FOLDER [NODES]; CPUS=1 processors a node, SLURM_TEST_PORT=16817 first port, SLURM_TEST_CONF a file of further settings.
# Then: export SLURM_CONF=FOLDER/slurm.conf
set -euo pipefail

folder=$(realpath -m -- "${1:?usage: start.sh FOLDER [NODES]}")
nodes=${2:-4}
: "${CPUS:=1}"
: "${SLURM_TEST_PORT:=16817}"
: "${SLURM_TEST_CONF:=/dev/null}"

die() { printf 'error: %s\n' "$*" >&2; exit 1; }

for command in munged slurmctld slurmd sinfo; do
  [[ -n "$(PATH="$PATH:/usr/sbin" command -v "$command")" ]] || die "'$command' is not installed here (slurmctld, slurmd, slurm-client, munge)"
done
PATH="$PATH:/usr/sbin"
[[ "$(id -u)" == 0 ]] || die 'root is needed: slurmd starts tasks as their users'

mkdir -p "$folder"/{run,log,state,munge}
chmod 755 "$folder" "$folder"/{run,log,state}
chmod 711 "$folder/munge"
for ((i = 1; i <= nodes; i++)); do mkdir -p "$folder/spool/n$i"; done
host=$(hostname -s)

cat > "$folder/slurm.conf" <<CONF
ClusterName=inferometer-test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$SLURM_TEST_PORT
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CryptoType=crypto/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/run/slurmctld.pid
SlurmdPidFile=$folder/run/slurmd-%n.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
# A node may claim more processors than the machine has.
SlurmdParameters=config_overrides
# Short, so that a test sees the end of a job, and the loss of a node, within seconds.
MinJobAge=2
SlurmdTimeout=10
SlurmctldParameters=idle_on_node_suspend
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=1,default_queue_depth=1000,sched_max_job_start=0,partition_job_depth=0
CONF
cat -- "$SLURM_TEST_CONF" >> "$folder/slurm.conf"
{
  for ((i = 1; i <= nodes; i++)); do
    printf 'NodeName=n%d NodeHostname=%s NodeAddr=127.0.0.1 Port=%d CPUs=%d State=UNKNOWN\n' "$i" "$host" $((SLURM_TEST_PORT + i)) "$CPUS"
  done
  printf 'PartitionName=main Nodes=n[1-%d] Default=YES MaxTime=INFINITE State=UP\n' "$nodes"
} >> "$folder/slurm.conf"
export SLURM_CONF="$folder/slurm.conf"

[[ -s "$folder/munge/key" ]] || (umask 077; head -c 1024 /dev/urandom > "$folder/munge/key")
munged --force --key-file "$folder/munge/key" --socket "$folder/munge/socket" --pid-file "$folder/run/munged.pid" \
  --log-file "$folder/log/munged.log" --seed-file "$folder/munge/seed"
slurmctld -c
for ((i = 1; i <= nodes; i++)); do slurmd -N "n$i"; done
# By the clock: where no controller answers, sinfo itself takes its time.
deadline=$((SECONDS + 30))
while ((SECONDS < deadline)); do
  [[ "$(sinfo -h -t idle -o %D 2> /dev/null)" != "$nodes" ]] || exit 0
  sleep 0.1
done
die "the nodes did not become idle within 30 s; logs are in $folder/log: $(tail -n 3 "$folder/log/slurmctld.log" | tr '\n' ' ')"
