#!/bin/sh
# Trains opticks-nanogpt with AdamW at nanoGPT's settings for CPUs, here and with PyTorch, from the
# same start on the same batches, and compares the two. It takes some minutes. Debian: apt-get
# install python3-torch
cd "$(dirname "$0")/.." && exec go run ./plugins/problems/internal/nanogpt "$@"
