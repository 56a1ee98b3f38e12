package main

import (
	"github.com/spf13/cobra"

	"noisebench/cmd/bench/plans"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
)

// completeFlag completes the value of a flag of cmd to one of some values.
func completeFlag(cmd *cobra.Command, flag string, values []string) {
	complete := cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
	if err := cmd.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic("bench: " + err.Error())
	}
}

// completePlans completes the first argument to the name of a plan or a file.
func completePlans(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return plans.Names(), cobra.ShellCompDirectiveDefault
}

// completeNames completes the first argument to the name of anything that bench itself has.
func completeNames(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := plans.Names()
	for _, d := range optimizers.All() {
		names = append(names, d.Name)
	}
	for _, d := range problems.All() {
		names = append(names, d.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
