#!/usr/bin/env bash
# A search by the drivers of a SLURM array: sbatch --array=0-7 examples/slurm/search.sh SPACE
#
# ARCHDSL_STORAGE   postgresql://USER@HOST/DATABASE, a password in ~/.pgpass
# ARCHDSL_SHARED    a folder that every node reaches, as file:///scratch/me/digits
# More words are those of `archdsl search`.
#SBATCH --job-name=archdsl
#SBATCH --cpus-per-task=4
#SBATCH --time=04:00:00
#SBATCH --signal=TERM@120
#SBATCH --output=archdsl-%A-%a.log
set -euo pipefail

space=${1:?usage: sbatch --array=0-7 search.sh SPACE}
shift
# exec: the signal before the time limit reaches the search itself, which ends in order
exec archdsl search "$space" \
    --storage "${ARCHDSL_STORAGE:?where is the record?}" \
    --set "search.shared=${ARCHDSL_SHARED:?which folder do all nodes reach?}" \
    --out "runs/$(basename "$space" .yaml)-${SLURM_ARRAY_TASK_ID:-0}" "$@"
