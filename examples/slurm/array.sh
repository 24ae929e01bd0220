#!/bin/bash
#SBATCH --job-name=mien
#SBATCH --array=1-8
#SBATCH --cpus-per-task=1
#SBATCH --mem=1G
#SBATCH --time=12:00:00
#SBATCH --requeue

# Each task makes one shard of a run. Its store is on its node's own disk, and a copy of it in the folder that the
# job was sent from, which all nodes see: a task that is requeued, on whatever node, begins with the copy.
#
#   mien design -o run.design --trials 100000
#   job=$(sbatch --parsable --export=ALL,MODEL=…,JUDGE=… array.sh)
#   sbatch --dependency=afterok:$job --wrap='mien merge run.db shards/*.db && mien profile run --store run.db'

set -euo pipefail

shards=${SHARDS:-8} # as many as the array has tasks
mkdir -p shards
local=$(mktemp -d)
trap 'rm -rf "$local"' EXIT

mien measure "$MODEL" --judge "$JUDGE" --name run --design run.design \
	--shard "$SLURM_ARRAY_TASK_ID/$shards" \
	--store "$local/shard.db" --copy-to "shards/$SLURM_ARRAY_TASK_ID.db" --copy-every 60
