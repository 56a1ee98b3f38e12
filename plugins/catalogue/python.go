package catalogue

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"noisebench/plugins"
)

// pythonPrefix begins the name of an optimizer or problem that is an object of a Python module.
const pythonPrefix = "python:"

// Launch launches one plugin on a host: that at a path, that whose executable has a name in the
// usual places, or an object of a Python module, python:MODULE:NAME. Python is as in [Options].
func Launch(ctx context.Context, host *plugins.Host, plugin, python string,
) (*plugins.Plugin, error) {
	launch := func(name string, argv ...string) (*plugins.Plugin, error) {
		return host.Launch(ctx, name, argv...)
	}
	return launchTarget(launch, plugin, python)
}

func launchTarget(launch func(name string, argv ...string) (*plugins.Plugin, error),
	plugin, python string,
) (*plugins.Plugin, error) {
	name, argv := target(plugin, python)
	p, err := launch(name, argv...)
	if err != nil && strings.HasPrefix(plugin, pythonPrefix) &&
		strings.Contains(err.Error(), "No module named noisebench") {
		err = fmt.Errorf("%s has no package noisebench; install it with %[1]s -m pip install "+
			"./plugins/python in noisebench's folder, or name another interpreter by --python", argv[0])
	}
	return p, err
}

// target returns the name and the command line of a plugin that is named as for Launch.
func target(plugin, python string) (name string, argv []string) {
	if reference, is := strings.CutPrefix(plugin, pythonPrefix); is {
		return reference, []string{interpreter(python), "-m", "noisebench", reference}
	}
	path := pluginPath(plugin)
	return filepath.Base(path), []string{path}
}

// interpreter returns the given Python interpreter, or that of the active virtual environment, or
// the first on PATH.
func interpreter(given string) string {
	if given != "" {
		return given
	}
	if env := os.Getenv("VIRTUAL_ENV"); env != "" {
		python := filepath.Join(env, "bin", "python3")
		if runtime.GOOS == "windows" {
			python = filepath.Join(env, "Scripts", "python.exe")
		}
		if _, err := exec.LookPath(python); err == nil {
			return python
		}
	}
	return "python3"
}
