package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"noisebench/internal/text"
	"noisebench/plugins/problems"
)

func newData() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "List, fetch and verify the data sets that problems read",
		Long: `Data sets are looked for in $NOISEBENCH_DATA, in noisebench/ of the user's cache
folder, and where other software stores them; small ones are part of bench. Checksums are verified
whenever data are read.`,
		Example: `  bench data list
  bench data fetch mnist
  bench data verify`,
	}
	list := &cobra.Command{
		Use: "list", Short: "List the data sets and whether they are on this machine", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return listData(cmd) },
	}
	fetch := &cobra.Command{
		Use: "fetch NAME… | all", Short: "Download data sets",
		Long: `Fetch downloads data sets into the folder that $NOISEBENCH_DATA names, or else into
the user's cache folder. Files that are already there and intact are kept; interrupted downloads are
resumed.`,
		Example: "  bench data fetch mnist\n  bench data fetch all",
		ValidArgsFunction: func(
			*cobra.Command, []string, string,
		) ([]string, cobra.ShellCompDirective) {
			return append(problems.DataNames(), "all"), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return fetchData(cmd, args) },
	}
	verify := &cobra.Command{
		Use: "verify", Short: "Verify the checksums of the data sets that are on this machine",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return verifyData(cmd) },
	}
	group(cmd, list, fetch, verify)
	return cmd
}

func listData(cmd *cobra.Command) error {
	rows := [][]string{{"NAME", "PROBLEMS", "STATUS", "WHAT"}}
	for _, d := range problems.DataSets() {
		rows = append(rows, []string{
			d.Name, strings.Join(d.Problems, ", "), d.Status().Word(),
			text.FirstLine(d.Doc),
		})
	}
	return printColumns(cmd.OutOrStdout(), rows, "WHAT", "PROBLEMS")
}

func verifyData(cmd *cobra.Command) error {
	bad := 0
	for _, d := range problems.DataSets() {
		status := d.Status()
		text := status.Word()
		switch {
		case status.Err != nil:
			text += ": " + status.Err.Error()
		case text != "embedded":
			text += " in " + status.Place
		}
		if status.Word() == "damaged" {
			bad++
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", d.Name, text)
	}
	if bad > 0 {
		return fmt.Errorf("%s corrupt; bench data fetch all replaces corrupt files",
			text.CountIs(bad, "data set"))
	}
	return nil
}

func fetchData(cmd *cobra.Command, names []string) error {
	if len(names) == 0 {
		return usagef(cmd, "no data set given; known: %s, all",
			strings.Join(problems.DataNames(), ", "))
	}
	sets, err := problems.SelectDataSets(names)
	if err != nil {
		return usagef(cmd, "%w", err)
	}
	for _, d := range sets {
		var printed time.Time
		err := d.Fetch(cmd.Context(), func(file string, done, total int64) {
			if done < total && time.Since(printed) < time.Second {
				return
			}
			printed = time.Now()
			fmt.Fprintf(cmd.ErrOrStderr(), "%s/%s: %.1f of %.1f MB\n", d.Name, file,
				float64(done)/1e6, float64(total)/1e6)
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %v\n", d.Name, d.Status())
	}
	return nil
}
