//go:build !unix

package supervisor

import (
	"errors"
	"os/exec"
)

func inOwnGroup(*exec.Cmd) {}

func killGroup(int) error { return errors.ErrUnsupported }
