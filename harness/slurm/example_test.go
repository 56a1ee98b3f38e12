package slurm_test

import (
	"fmt"
	"time"

	"noisebench/harness/slurm"
)

// The batch script of an array replaces the shell by the command, so that the command gets signals.
func ExampleArray_Script() {
	a := slurm.Array{Command: []string{"/opt/bench", "run", "my plan.yaml", "-o", "/shared/runs"}}
	fmt.Print(a.Script())
	// Output:
	// #!/bin/sh
	// exec /opt/bench run 'my plan.yaml' -o /shared/runs
}

// Forty hours of work in tasks of four hours, of which each makes two runs side by side.
func ExampleRounds() {
	total, each := 40*time.Hour, 4*time.Hour
	fmt.Println("tasks for one round:", slurm.Rounds(total, each, 2, 1))
	fmt.Println("rounds of 2 tasks:", slurm.Rounds(total, each, 2, 2))
	fmt.Println("each task stops after", slurm.StopAfter(each))
	// Output:
	// tasks for one round: 6
	// rounds of 2 tasks: 3
	// each task stops after 3h48m0s
}

func ExampleParseTime() {
	for _, text := range []string{"90", "4:00:00", "1-12", "3h55m"} {
		d, err := slurm.ParseTime(text)
		fmt.Println(d, err)
	}
	// Output:
	// 1h30m0s <nil>
	// 4h0m0s <nil>
	// 36h0m0s <nil>
	// 3h55m0s <nil>
}
