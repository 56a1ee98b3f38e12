package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"noisebench/plugins"
	"noisebench/plugins/catalogue"
	"noisebench/results/bridge"
)

// pluginFlags are the flags of commands that launch plugins.
type pluginFlags struct {
	paths        []string
	transport    string
	startTimeout time.Duration
	callTimeout  time.Duration
	memory       float64 // GB that a plugin may use; 0: half of the free memory
	verbose      bool
	isolate      bool // bench's own plugins are launched, too
	threads      int  // for each run; 0: the plugins' choice
	python       string
	devices      []string
	noSandbox    bool
	results      string        // folder that outside plugins must not read, beside the usual one
	set          pflag.FlagSet // of the flags for all of these but results, for args
}

func (f *pluginFlags) add(cmd *cobra.Command) {
	flags := &f.set
	flags.StringArrayVar(&f.paths, "plugin", nil,
		"also launch the plugin at this `PATH` (may be repeated)")
	flags.DurationVar(&f.callTimeout, "call-timeout", 2*time.Minute,
		"a plugin that takes longer than this for one call is killed (10s at most to close a run)")
	flags.DurationVar(&f.startTimeout, "start-timeout", time.Minute,
		"a plugin that takes longer than this to start is killed")
	flags.Float64Var(&f.memory, "plugin-memory", 0,
		"a plugin that uses more than this many `GB` is killed (default: half of the free memory)")
	flags.StringVar(&f.python, "python", "",
		"`INTERPRETER` for entries such as python:torch.optim:NAdam (default: that of the active "+
			"virtual environment, or python3)")
	flags.StringSliceVar(&f.devices, "devices", nil,
		"accelerators to use, as `INDICES` such as 0,1: each process of a plugin is told one of them "+
			"by NOISEBENCH_DEVICE")
	flags.BoolVar(&f.noSandbox, "no-sandbox", false,
		"let outside plugins read and write what you may (default: on Linux, they read what "+
			"they need alone)")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "print what plugins log")
	flags.StringVar(&f.transport, "transport", "auto", "how vectors travel: auto or messages")
	flags.BoolVar(&f.isolate, "isolate", false,
		"run bench's own optimizers and problems in processes of their own, too, as plugins are: "+
			"slower on cheap problems, same bits")
	if err := flags.MarkHidden("transport"); err != nil {
		panic("bench: " + err.Error())
	}
	cmd.Flags().AddFlagSet(flags)
}

// args are the flags that were given, as arguments for another bench that launches the same
// plugins.
func (f *pluginFlags) args() []string {
	var args []string
	f.set.VisitAll(func(flag *pflag.Flag) {
		values := []string{flag.Value.String()}
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		if !flag.Changed {
			values = nil
		}
		for _, v := range values {
			args = append(args, "--"+flag.Name+"="+v)
		}
	})
	return args
}

// open launches what the flags name, and the plugins that a plan names, if any.
func (f *pluginFlags) open(cmd *cobra.Command, ofPlan ...string) (*catalogue.Catalogue, error) {
	options, err := f.options(cmd)
	if err != nil {
		return nil, err
	}
	var serve []string
	if f.isolate {
		serve = []string{pluginCommand}
	} else if f.threads > 0 && threadsOfEnvironment() == 0 {
		setThreads(f.threads)
	}
	return catalogue.Open(cmd.Context(), catalogue.Options{
		Plugins: options, Paths: slices.Concat(f.paths, ofPlan), Serve: serve, Python: f.python,
		ProblemName: bridge.ProblemName,
		Warn:        warnTo(cmd.ErrOrStderr()),
		Note:        func(line string) { fmt.Fprintf(cmd.ErrOrStderr(), "note: %s\n", line) },
	})
}

// warnTo returns a function that prints a warning as a line.
func warnTo(stderr io.Writer) func(line string) {
	return func(line string) { fmt.Fprintf(stderr, "bench: %s\n", line) }
}

func (f *pluginFlags) options(cmd *cobra.Command) (plugins.Options, error) {
	transports := map[string]plugins.Transport{"auto": "", "messages": plugins.Messages}
	transport, ok := transports[f.transport]
	if !ok {
		return plugins.Options{}, usagef(cmd, "--transport is %q, want auto or messages", f.transport)
	}
	if f.callTimeout <= 0 {
		return plugins.Options{}, usagef(cmd, "--call-timeout is %v, want more than 0", f.callTimeout)
	}
	if f.startTimeout <= 0 {
		return plugins.Options{}, usagef(cmd, "--start-timeout is %v, want more than 0", f.startTimeout)
	}
	if !(f.memory >= 0 && f.memory < math.MaxInt64/1e9) {
		return plugins.Options{}, usagef(cmd,
			"--plugin-memory is %v, want GB, or 0 for half of the free memory", f.memory)
	}
	level := hclog.Off // faults are returned as errors
	if f.verbose {
		level = hclog.Debug
	}
	return plugins.Options{
		Devices:      f.devices,
		NoSandbox:    f.noSandbox,
		Hidden:       []string{usualResults, cmp.Or(f.results, usualResults)},
		Transport:    transport,
		StartTimeout: f.startTimeout,
		CallTimeout:  f.callTimeout,
		Memory:       int64(f.memory * 1e9),
		Threads:      f.threads,
		Logger: hclog.New(&hclog.LoggerOptions{
			Name: "bench", Level: level, Output: cmd.ErrOrStderr(),
		}),
	}, nil
}

// listed are the options of commands that only look up definitions.
func listed(paths []string) *pluginFlags {
	return &pluginFlags{
		paths: paths, transport: "auto", startTimeout: time.Minute, callTimeout: 10 * time.Second,
	}
}

// usualResults is the results folder where no other is named.
const usualResults = "noisebench-results"

// addResults adds the flag that names the results folder.
func addResults(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVarP(dir, "results", "o", usualResults, "`DIR` of the run records")
}
