// Package supervisor runs a program such that nothing of it is left behind and its memory is
// bounded, without the rights of root.
//
// On Linux a small process stands between the host and the program: the host's own executable,
// started again under the name "noisebench-supervisor", which the init function of this package
// recognizes. It is a subreaper: a descendant of the program that leaves its process group and
// session and outlives its parent becomes the supervisor's child, and is killed at the end. The end
// is that of the program, of the host (whatever ended it), or the host's order.
//
// Memory is watched, not limited by the kernel. A control group would be better, but making one
// takes rights that users of shared machines do not have. RLIMIT_AS fails where address space is
// reserved and not used, as by the runtimes of Go and CUDA; RLIMIT_DATA counts the stacks of idle
// threads and the heap that a runtime has reserved, knows single processes only, and ends a program
// without giving a reason. So the supervisor checks how much the program and its descendants have
// in use, the more often the nearer that is to the limit, and kills them all beyond it. If it is
// too late between two checks, the kernel's out-of-memory killer acts: it is configured to prefer
// the program to the host.
//
// A program can be confined, see [Sandbox]: between the supervisor and the program another process
// starts, which applies Landlock to itself and then becomes the program. The supervisor stays
// outside: a program could control a process of its own domain.
//
// Other systems have process groups only.
package supervisor

import (
	"fmt"
	"os"
)

// Config describes the program to run.
type Config struct {
	Path    string   // of the executable
	Args    []string // the first is the first after the program's name
	Env     []string // the whole environment
	Stdout  *os.File
	Stderr  *os.File
	Extra   *os.File // descriptor 3 of the program; nil: none
	Sandbox *Sandbox // nil: the program is not confined
	// the most that the program and its descendants may have in use together, in bytes; 0: no limit
	Memory int64
}

// Sandbox is what a confined program and its descendants may reach, by absolute paths. What is a
// folder stands for all in it. Paths that do not exist are left out. Beyond that the kernel keeps
// them from the memory and the descriptors of processes outside and, if its Landlock is new enough,
// from connecting by TCP and from sending signals to processes outside.
type Sandbox struct {
	Read    []string // files and folders to read and to execute
	List    []string // folders whose names, and those of the folders in them, may be listed
	Write   []string // folders to read and write
	Devices []string // devices to use
}

// MemoryError is the end of a program that used too much memory.
type MemoryError struct{ Limit int64 }

func (e *MemoryError) Error() string {
	return fmt.Sprintf("used more than %.3g GB of memory, which is the limit", float64(e.Limit)/1e9)
}
