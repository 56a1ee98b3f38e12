package main

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Tasks of a batch system and workers launch plugins as they were told here, whatever the flag.
func TestPluginFlagsArePassedOn(t *testing.T) {
	withFlags := func() (*cobra.Command, *pluginFlags) {
		cmd, f := &cobra.Command{}, &pluginFlags{}
		f.add(cmd)
		return cmd, f
	}
	cmd, given := withFlags()
	if args := given.args(); len(args) > 0 {
		t.Errorf("without flags, %q are passed on", args)
	}
	count := 0
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		values, ok := map[string][]string{
			"stringArray": {"a b,c", "it's"}, "stringSlice": {"0", "3"}, "duration": {"7m3s"}, "float64": {"1.5"},
			"string": {"messages"}, "bool": {"true"}, "int": {"3"},
		}[flag.Value.Type()]
		if !ok {
			t.Fatalf("--%s is of type %s, which this test has no value for", flag.Name, flag.Value.Type())
		}
		for _, v := range values {
			if err := cmd.Flags().Set(flag.Name, v); err != nil {
				t.Fatal(err)
			}
		}
		count++
	})
	args := given.args()
	if count < 9 || len(args) != count+2 { // two flags are given twice
		t.Errorf("%d flags are passed on as %q, want each once, and --plugin and --devices twice", count, args)
	}
	command, err := submitted("plan.yaml", "runs", 2, time.Hour, args)
	if err != nil {
		t.Fatal(err)
	}
	if task := newRun(); task.ParseFlags(command[2:]) != nil || !slices.Equal(command[len(command)-len(args):], args) {
		t.Errorf("bench run of a task does not accept %q", command)
	}
	again, got := withFlags()
	if err := again.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	fields := cmp.AllowUnexported(pluginFlags{})
	if diff := cmp.Diff(given, got, fields, cmpopts.IgnoreFields(pluginFlags{}, "set")); diff != "" {
		t.Errorf("flags that were passed on are others (-given +got):\n%s", diff)
	}
}
