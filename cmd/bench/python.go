package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"noisebench/plugins"
)

// pythonPrefix begins the name of an optimizer or problem that is an object of a Python module: python:torch.optim:NAdam.
const pythonPrefix = "python:"

// interpreter returns the Python interpreter that serves such objects: the given one, or that of the active virtual
// environment, or the first on PATH.
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

// target returns the name and the command line of a plugin that is given as a path, by the name of its executable in the usual
// places, or as an object of a Python module.
func target(plugin, python string) (name string, argv []string) {
	if reference, is := strings.CutPrefix(plugin, pythonPrefix); is {
		return reference, []string{interpreter(python), "-m", "noisebench", reference}
	}
	path := pluginPath(plugin)
	return filepath.Base(path), []string{path}
}

// launchTarget launches a plugin as target names it.
func launchTarget(launch func(name string, argv ...string) (*plugins.Plugin, error), plugin, python string) (*plugins.Plugin, error) {
	name, argv := target(plugin, python)
	p, err := launch(name, argv...)
	if err != nil && strings.HasPrefix(plugin, pythonPrefix) && strings.Contains(err.Error(), "No module named noisebench") {
		err = fmt.Errorf("%s has no package noisebench; install it with %[1]s -m pip install ./plugins/python in noisebench's folder, "+
			"or name another interpreter by --python", argv[0])
	}
	return p, err
}

// findPython looks up the one definition that an object of a Python module makes.
func findPython[D any](c *catalogue, kind, name string, of func(*plugins.Plugin) []definition[D]) (D, error) {
	var none D
	p, err := launchTarget(c.launchOutside, name, c.python)
	if err != nil {
		return none, err
	}
	served := of(p)
	if len(served) == 0 {
		return none, fmt.Errorf("%s is no %s", name, kind)
	}
	return served[0].def, nil
}
