package main

import (
	"github.com/spf13/cobra"

	"noisebench/results/report/figure"
)

func listKinds(cmd *cobra.Command) error {
	rows := [][]string{{"KIND", "FIGURES", "WHAT"}}
	for _, k := range figure.Kinds {
		where := "by problem"
		switch {
		case k.Overall() && k.ByProblem():
			where = "by problem, overall"
		case k.Overall():
			where = "overall"
		}
		rows = append(rows, []string{k.Name, where, k.Doc})
	}
	return printColumns(cmd.OutOrStdout(), rows)
}

func completePlotArgs(
	cmd *cobra.Command, args []string, prefix string,
) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return completePlans(cmd, args, prefix)
	}
	return figure.KindNames(), cobra.ShellCompDirectiveNoFileComp
}
