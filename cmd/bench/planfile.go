package main

import (
	"embed"
	"io/fs"

	"noisebench/protocol/planfile"
)

//go:embed plans/*.yaml
var planFiles embed.FS

// plans reads the built-in plans and plan files.
var plans = planfile.Plans{Library: builtInPlans()}

func builtInPlans() fs.FS {
	files, err := fs.Sub(planFiles, "plans")
	if err != nil {
		panic("bench: " + err.Error())
	}
	return files
}
