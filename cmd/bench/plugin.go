package main

import (
	"os"
	"runtime"
	"strconv"

	"github.com/spf13/cobra"

	"noisebench/plugins"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
)

// pluginCommand is the name of the hidden command that serves bench's own definitions.
const pluginCommand = "__plugin"

// newPluginServer is the command by which bench serves its own optimizers and problems: it launches
// itself as their plugin.
func newPluginServer() *cobra.Command {
	return &cobra.Command{
		Use:       pluginCommand + " optimizers|problems",
		Hidden:    true,
		ValidArgs: []string{"optimizers", "problems"},
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		Run: func(_ *cobra.Command, args []string) {
			var definitions []protocol.Definition
			if args[0] == "optimizers" {
				for _, d := range optimizers.All() {
					definitions = append(definitions, d)
				}
			} else {
				for _, d := range problems.All() {
					definitions = append(definitions, d)
				}
			}
			plugins.Serve(definitions...)
		},
	}
}

// threadsOfEnvironment is the value of [plugins.ThreadsVariable]; 0 if it is not a positive number.
func threadsOfEnvironment() int {
	n, err := strconv.Atoi(os.Getenv(plugins.ThreadsVariable))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// threadsEach is the number of threads of each of several runs side by side on this machine.
func threadsEach(parallel int) int { return max(1, runtime.NumCPU()/parallel) }

// setThreads sets the number of threads that a run of bench's own definitions uses in this process.
func setThreads(n int) {
	optimizers.SetThreads(n)
	problems.SetThreads(n)
}
