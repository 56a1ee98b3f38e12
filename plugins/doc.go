// Package plugins runs optimizers and test problems in processes of their own: [Serve] is the author's side, [Host] the
// side of the command that uses them.
//
// # An author's three lines
//
// A plugin is an executable whose main function serves definitions of package protocol:
//
//	package main
//
//	import "noisebench/plugins"
//
//	func main() { plugins.Serve(qhm) }
//
// where qhm is a protocol.OptimizerDef or a protocol.ProblemDef; Serve takes any number of them. "bench check PATH"
// tries the plugin, "bench run" finds it by name or path. Authors in other languages read
// protocol/noisebench/v1/noisebench.proto, which is the contract on the wire, clause by clause.
//
// # What the host sees
//
// [Host.Launch] returns ordinary definitions, which nobody can tell from those of the same process, and one process
// serves any number of runs at the same time. A plugin that crashes, panics, hangs or lies costs its run, which gets a
// *protocol.Fault that names the plugin, the call and the cause; a hanging one is killed with its process group, and
// the next run finds it started again. An Estimate cannot return an error: if it fails it gives NaN, and the fault
// comes from the next Step, from Close, and from a method Fault() error that the harness asks. An error that New32, New64 or Spec returns arrives as it is, and
// errors.ErrUnsupported is recognized everywhere.
//
// A definition that declares Saves has optimizers whose state protocol.SaveState and protocol.RestoreState move between
// processes, wherever they run: a method State in Go is all that the author writes. A plugin of another version of the
// contract is refused when it is launched, with a line that says both versions and what to do; [Plugin.ContractVersion] is
// what both speak.
//
// Plugins inherit few variables of the environment: where things are (PATH, HOME, TMPDIR, XDG_*, Go's and Python's
// paths), the locale, the numbers of threads, those of accelerators (CUDA_*, JAX_* and others) and of Slurm, and NOISEBENCH_*. What they print goes to the host's log under their
// names, whether to standard output or error.
//
// However the host ends, nothing is left behind: it keeps its sockets in a private folder and plugins in process groups
// of their own, and a small process, the janitor, kills these and removes that when the host is gone. Plugins that are
// not stopped notice it themselves within a second. Shared memory has no name, and ends with its last user.
//
// # How vectors and calls travel
//
// Vectors that lie in memory from [Host.Alloc], at a multiple of 8 bytes, are mapped by the plugin and not copied at
// all; others are copied once. Calls go through a mailbox in shared memory, where the waiting side yields its processor
// for some microseconds and then sleeps on a futex. Where a plugin cannot do that (another language, another system),
// calls go on a gRPC stream, and where it cannot map memory, the vectors go inside of them. [Plugin.Transport] says
// which it is. The bits of a run do not depend on it (R2).
//
// What a step costs more than in process (measure and step, 128 examples, problem and optimizer in two processes), and
// opening and closing both; "go test -bench . ./plugins" on a virtual machine with two cores, best of eight (other work
// ran beside it):
//
//	            100 elements   two runs at once   3.27 million float32   open and close
//	doorbell           14 µs              24 µs                  50 µs           0.6 ms
//	memory            141 µs             194 µs                 220 µs           0.5 ms
//	messages          153 µs             221 µs                  95 ms           0.4 ms
//
// The network with 3.27 million parameters computes for about 75 ms a step.
package plugins
