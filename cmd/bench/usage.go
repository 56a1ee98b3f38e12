package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"noisebench/protocol"
)

// usageError is an invalid command line.
type usageError struct {
	command string // that was called
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usagef returns a usageError of cmd.
func usagef(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{cmd.CommandPath(), fmt.Errorf(format, args...)}
}

// group makes cmd the parent of others: alone it prints its help, and an unknown child is a usage
// error.
func group(cmd *cobra.Command, children ...*cobra.Command) {
	cmd.AddCommand(children...)
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		var names []string
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				names = append(names, c.Name())
			}
		}
		return usagef(cmd, "%w", protocol.Unknown("command", args[0], names))
	}
}

// oneArg accepts exactly one argument; what is its description in messages.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return usagef(cmd, "no %s given; usage: %s", what, cmd.UseLine())
		case 1:
			return nil
		}
		return usagef(cmd, "%d arguments, want one %s; usage: %s", len(args), what, cmd.UseLine())
	}
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef(cmd, "unexpected argument %q", args[0])
	}
	return nil
}
