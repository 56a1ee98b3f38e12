package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"noisebench/harness"
	"noisebench/plugins"
	"noisebench/protocol"
	"noisebench/results/bundle"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of this program and this machine that records name",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h := harness.ThisHost()
			return printColumns(cmd.OutOrStdout(), [][]string{
				{"noisebench", h.Harness},
				{"protocol", fmt.Sprint(protocol.Version)},
				{"go", h.GoVersion},
				{"platform", h.Platform},
				{"cpu", fmt.Sprintf("%s, %d cores", h.CPU, h.Cores)},
			})
		},
	}
}

// thisBuild is this build of bench.
func thisBuild() (bundle.Build, error) {
	executable, err := os.Executable()
	if err != nil {
		return bundle.Build{}, fmt.Errorf("cannot find my own executable: %w", err)
	}
	digest, err := plugins.SumFile(executable)
	if err != nil {
		return bundle.Build{}, fmt.Errorf("cannot read my own executable: %w", err)
	}
	h := harness.ThisHost()
	return bundle.Build{
		Harness: h.Harness, GoVersion: h.GoVersion, Platform: h.Platform,
		SHA256: digest,
	}, nil
}
