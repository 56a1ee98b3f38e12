// Package plugins runs optimizers and test problems in processes of their own: [Serve] is the
// author's side, [Host] the side of the command that uses them.
//
// # Writing a plugin
//
// A plugin is an executable whose main function serves definitions of package protocol:
//
//	package main
//
//	import "noisebench/plugins"
//
//	func main() { plugins.Serve(qhm) }
//
// where qhm is a protocol.OptimizerDef or a protocol.ProblemDef; Serve takes any number of them.
// "bench check PATH" tries the plugin, "bench run" finds it by name or path. Authors in other
// languages read protocol/noisebench/v1/noisebench.proto, which is the contract on the wire, clause
// by clause.
//
// # What the host sees
//
// [Host.Launch] returns ordinary definitions, which behave like those of the same process, and one
// process serves any number of runs at the same time. A plugin that crashes, panics, hangs, answers
// wrongly or uses too much memory fails its runs, which get a *protocol.Fault that names the
// plugin, the call and the cause; the next run finds it started again. An Estimate cannot return an
// error: if it fails it gives NaN, and the fault comes from the next Step, from Close, and from a
// method Fault() error that the harness calls. An error that New32, New64 or Spec returns arrives
// as it is, and errors.ErrUnsupported is recognized everywhere.
//
// A definition that declares Saves has optimizers whose state protocol.SaveState and
// protocol.RestoreState move between processes, wherever they run: a method State in Go is all that
// the author writes. A plugin of another version of the contract is refused when it is launched,
// with an error of one line that gives both versions and what to do; [Plugin.ContractVersion] is
// the version in use.
//
// Plugins inherit few variables of the environment: those for paths (PATH, HOME, TMPDIR, XDG_*,
// Go's and Python's paths), the locale, the numbers of threads, those of accelerators (CUDA_*,
// JAX_* and others) and of Slurm, and NOISEBENCH_*. What they print goes to the host's log under
// their names, whether to standard output or error.
//
// However the host or a plugin ends, nothing is left behind. On Linux a small process, the
// supervisor, stands between the host and each plugin; it kills whatever the plugin started,
// whether or not that left its process group and session, and bounds the memory of all of them
// together ([Options.Memory]). Another, the janitor, removes the folder of the host's sockets when
// the host is gone. Other systems have process groups, and no bound. Plugins that are not stopped
// notice the end of their parent within a second. Shared memory has no name, and ends with its last
// user.
//
// On Linux an outside plugin is confined by Landlock unless [Options.NoSandbox] is set: it reads
// what programs need, its own folder and what its environment names, writes to a temporary folder
// of its own, and reaches no other process. docs/hostile-plugins.md says what is kept from it and
// what is not, [Plugin.Sandbox] and the records how it was confined. Shared memory reaches a plugin
// as descriptors.
//
// # How vectors and calls travel
//
// Vectors that lie in memory from [Host.Alloc], at a multiple of 8 bytes, are mapped by the plugin
// and not copied at all; others are copied once. Calls go through a mailbox in shared memory, where
// the waiting side yields its processor for up to 20 µs, as long as that proves worth it, and then
// sleeps on a futex. Where a plugin cannot do that (another language, another system), calls go on
// a gRPC stream, and where it cannot map memory, the calls contain the vectors. [Plugin.Transport]
// returns the one in use. The bits of a run do not depend on it (R2).
//
// Time of a step beyond that in process, in µs: measure and step, 128 examples, 100 elements,
// problem and optimizer in two processes. The median (and minimum) of five runs of
// benchmarks/transport.sh, on a virtual machine with two cores on which other work ran, alone and
// beside two and eight busy processes:
//
//	            alone        beside two   beside eight
//	doorbell     26 (25)     116 (26)     1210 (794)
//	memory      189 (147)    457 (138)    1091 (197)
//	messages    155 (147)    302 (282)    1538 (767)
package plugins
