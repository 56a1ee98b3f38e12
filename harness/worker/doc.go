// Package worker makes runs in processes that are started by any command: ssh NODE, srun, docker
// run, or a shell. No folder is shared. A worker reads runs on its standard input and writes
// records to its standard output; the harness that started it stores them.
//
// # Messages
//
// Both sides write lines of JSON, each a [message]. The harness opens a worker once:
//
//	→ {"open": {"protocol": 2, "plan": {…}, "plugins": ["/path"],
//	   "flags": ["--start-timeout=2m0s"], "dir": "/path"}}
//	← {"opened": true} or {"error": "…"}
//
// and has it make one run at a time:
//
//	→ {"run": {…}, "checkpoint": "base64"}
//	← {"checkpoint": "base64"}            any number of times
//	← {"refused": "…"}                    a checkpoint that could not be used
//	← {"record": "…", "fault": {…}}       or {"error": "…"} or {"stopped": true}
//
// On {"stop": true} a worker saves the run's checkpoint and answers {"stopped": true}. At the end
// of its input it ends.
package worker
