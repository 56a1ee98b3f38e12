package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"noisebench/plugins/skeleton"
)

func newNew() *cobra.Command {
	var s skeleton.Skeleton
	var out string
	cmd := &cobra.Command{
		Use:   "new optimizer|problem NAME --lang python|go",
		Short: "Write a folder with a plugin to start from",
		Long: `New writes a folder with a working plugin: an optimizer or problem for you to change,
a test of it, a plan that uses it, and a README that explains the next steps. It passes "bench
check" as it is (in Go, once it is built).`,
		Example: `  bench new optimizer my-adam --lang python
  bench new problem my-problem --lang go`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef(cmd, "%d arguments, want a kind and a name; usage: %s", len(args),
					cmd.UseLine())
			}
			return nil
		},
		ValidArgsFunction: func(
			_ *cobra.Command, args []string, _ string,
		) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return skeleton.Kinds, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s.Kind, s.Name = args[0], args[1]
			if !slices.Contains(skeleton.Languages, s.Lang) {
				return usagef(cmd, "--lang is %q, want python or go", s.Lang)
			}
			if err := s.Check(); err != nil {
				return usagef(cmd, "%w", err)
			}
			if out == "" {
				out = s.Name
			}
			if err := s.Write(out); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s %s, which works as it is; README.md says what "+
				"to do with it\n", out, s.Kind, s.Name)
			return nil
		},
	}
	cmd.Flags().StringVar(&s.Lang, "lang", "python", "`LANGUAGE`: python or go")
	cmd.Flags().StringVar(&out, "out", "", "`DIR` to write (default: the name)")
	cmd.Flags().StringVar(&s.Source, "source", "",
		"`DIR` of noisebench's source, for go.mod (default: the working directory or one above it)")
	completeFlag(cmd, "lang", skeleton.Languages)
	return cmd
}
