#!/bin/bash
# Starts a Slurm of one node from Debian's packages (slurm-wlm, munge), runs examples/scale/slurm.sbatch on it with a job that
# is cancelled, one that is requeued and one that is killed, and compares the store with an undisturbed one. Needs root.
# Its files are in build/scale/slurm, so that a Slurm of the machine is left alone.
#
#   bash scripts/scale/slurm.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
for tool in munged slurmctld slurmd srun; do
  command -v $tool >/dev/null || PATH=$PATH:/usr/sbin command -v $tool >/dev/null ||
    { echo "skipped: $tool is missing: apt-get install slurm-wlm munge"; exit 77; }
done
[[ $(id -u) == 0 ]] || { echo "skipped: only root can start Slurm here"; exit 77; }
PATH=$PATH:/usr/sbin

W=$PWD/build/scale/slurm
rm -rf "$W"
# munged wants folders that only root can write.
install -d -m 755 "$W" "$W/munge" "$W/ctld" "$W/d" "$W/jobs"
NODE=$(hostname -s)
pids=()
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
}
trap stop EXIT

# Sockets have short names only.
RUN=$(mktemp -d /tmp/taskloom-slurm.XXXXXX)
trap 'stop; rm -rf "$RUN"' EXIT
chmod 755 "$RUN"
dd if=/dev/urandom of="$W/munge/key" bs=128 count=1 status=none
chmod 400 "$W/munge/key"
munged --force --foreground --key-file="$W/munge/key" --socket="$RUN/munge" --pid-file="$RUN/munge.pid" \
  --log-file="$W/munge/log" --seed-file="$W/munge/seed" >"$W/munge/out" 2>&1 &
pids+=($!)

cat >"$W/slurm.conf" <<CONF
ClusterName=taskloom
SlurmctldHost=$NODE(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$RUN/munge
SlurmctldPort=26817
SlurmdPort=26818
SlurmctldPidFile=$RUN/ctld.pid
SlurmdPidFile=$RUN/d.pid
StateSaveLocation=$W/ctld
SlurmdSpoolDir=$W/d
SlurmctldLogFile=$W/ctld.log
SlurmdLogFile=$W/d.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=bf_interval=2,sched_min_interval=100000
SlurmdParameters=config_overrides
JobRequeue=1
KillWait=10
MinJobAge=3600
ReturnToService=2
NodeName=$NODE NodeAddr=127.0.0.1 CPUs=3 State=UNKNOWN
PartitionName=all Nodes=$NODE Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$W/slurm.conf
for ((i = 0; i < 50; i++)); do [[ -S $RUN/munge ]] && break; sleep 0.1; done
slurmctld -D >"$W/ctld.out" 2>&1 &
pids+=($!)
slurmd -D -N "$NODE" >"$W/d.out" 2>&1 &
pids+=($!)
for ((i = 0; i < 100; i++)); do sinfo -h -o %T 2>/dev/null | grep -q idle && break; sleep 0.2; done
echo "slurm $(sinfo --version | cut -d' ' -f2), one node, 3 job slots"

export SHARDS=8 TASKS=3000 SEED=42 OUT=$W/store DATASET=mnist-test
export TASKLOOM="node $PWD/dist/cli.js" MORE="--chunk-tasks 25 --sequence-length 100 --limit-examples 2000 --backend wasm"
submit() { sbatch --parsable --cpus-per-task=1 --output="$W/jobs/%a.log" "$@" examples/scale/slurm.sbatch; }
state() { scontrol -o show job "$1" 2>/dev/null | grep -o 'JobState=[A-Z]*' | head -1 | cut -d= -f2; }
chunks() { find "$OUT/inputs" -type f ! -name zarr.json 2>/dev/null | wc -l; }
running() { for ((i = 0; i < 300; i++)); do [[ $(state "$1") == RUNNING ]] && return; sleep 0.1; done; echo "$1 does not run"; exit 1; }
ended() { for ((i = 0; i < 1200; i++)); do squeue -h -j "$1" 2>/dev/null | grep -q . || return 0; sleep 0.5; done; echo "$1 does not end"; squeue; exit 1; }

JOB=$(submit)
echo "array of 8 shards submitted"
running "${JOB}_0"
running "${JOB}_1"
running "${JOB}_2"
for ((i = 0; i < 300; i++)); do (( $(chunks) > 0 )) && break; sleep 0.1; done
scancel "${JOB}_0"
echo "shard 0: scancel while it runs, $(( $(chunks) > 0 )) or more chunks made"
scontrol requeue "${JOB}_1"
scontrol update job "${JOB}_1" starttime=now 2>/dev/null || true # Slurm waits for two minutes otherwise
echo "shard 1: scontrol requeue while it runs"
killed=$(pgrep -f "dist/cli.js generate .*--out $OUT .*--shard 2/8" | head -1)
kill -9 "$killed"
echo "shard 2: kill -9 of its process"
ended "$JOB"
for shard in 0 1 2 3; do echo "shard $shard: $(state "${JOB}_$shard")"; done
[[ $(state "${JOB}_1") == COMPLETED ]]
[[ ! -e $OUT/manifest.json ]]
echo "the store is unfinished: verify exits with $(node dist/cli.js verify "$OUT" >/dev/null 2>&1; echo $?)"
AGAIN=$(submit --array=0,2)
ended "$AGAIN"
for shard in 0 2; do echo "shard $shard, submitted again: $(state "${AGAIN}_$shard")"; done

node dist/cli.js generate --dataset $DATASET --tasks $TASKS --seed $SEED --format zarr --out "$W/undisturbed" $MORE >/dev/null
node dist/cli.js verify "$OUT" | tail -1
diff -r "$W/undisturbed" "$OUT"
echo "diff -r: equal to a store that one undisturbed run made ($(chunks) chunks)"

# Codes that are not to be tried again: another seed is another store.
WRONG=$(SEED=43 submit --array=0)
ended "$WRONG"
echo "another seed into the same store: $(state "${WRONG}_0"), $(scontrol -o show job "${WRONG}_0" | grep -o 'ExitCode=[0-9]*:[0-9]*'), $(scontrol -o show job "${WRONG}_0" | grep -o 'Restarts=[0-9]*')"
