#!/usr/bin/env bash
# Trains on a borrowed GPU machine, ten minutes at a time.
#
#   ./gpu-slices.sh pack CROPS MANIFEST [COUNT]   here: crops into parcels of at most 64 MiB under cache/parcels
#   ./gpu-slices.sh slice CONFIG [SECONDS]        there: opens the parcels that have arrived, trains from the last checkpoint for so long
#                                                 (540 s), and leaves the run in $OUT (out/ when unset)
#   ./gpu-slices.sh run HOST CONFIG [SLICES]      here, over ssh: sends the sources and one parcel more before each slice, fetches the run after
#
# A machine that is taken away between slices costs nothing: the next one starts from the checkpoint that came back in runs/.
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3}

pack() { "$python" -m detector.parcels pack --crops "$1" --manifest "$2" --count "${3:-6}" --out cache/parcels; }

slice() {
    config=$1 seconds=${2:-540}
    name=$(basename "$config" .toml)
    # Opened anew when a parcel has arrived since.
    arrived=$(cd cache/parcels && ls -d parcel-*/crops.zip | tr '\n' ' ')
    if [ "$(cat cache/opened/parcels.txt 2>/dev/null)" != "$arrived" ]; then
        rm -rf cache/opened
        "$python" -m detector.parcels unpack --out cache/opened cache/parcels/parcel-*/crops.zip
        echo "$arrived" > cache/opened/parcels.txt
    fi
    device=$("$python" -c 'import torch; print("cuda" if torch.cuda.is_available() else "cpu")')
    workers=${WORKERS:-$([ "$device" = cuda ] && nproc || echo 0)}
    "$python" -W ignore -m detector.train "$config" --crops cache/opened --manifest cache/opened/manifest.csv \
        --resume --device "$device" --workers "$workers" --seconds "$seconds"
    out=${OUT:-out}
    mkdir -p "$out/$name"
    cp "runs/$name/checkpoint.pt" "runs/$name/log.csv" "$out/$name/"
}

run() {
    host=$1 config=$2 slices=${3:-3}
    name=$(basename "$config" .toml) sent=0
    mkdir -p "runs/$name"
    for number in $(seq "$slices"); do
        parcels=(cache/parcels/parcel-*/)
        # What the first slice trains on is sent first; each later one finds one parcel more.
        if [ "$sent" -lt "${#parcels[@]}" ]; then sent=$((sent + 1)); fi
        rsync -aR detector configs gpu-slices.sh ./runs/ "${parcels[@]:0:$sent}" "$host:deepfake-training/"
        ssh "$host" "cd deepfake-training && OUT=out ./gpu-slices.sh slice '$config'"
        rsync -a "$host:deepfake-training/out/$name/" "runs/$name/"
        echo "slice $number of $slices: $(tail -1 "runs/$name/log.csv")"
    done
}

case ${1:-} in
    pack | slice | run) "$@" ;;
    *) sed -n '2,/^set/p' "$0" | grep '^#' | cut -c3-; exit 2 ;;
esac
