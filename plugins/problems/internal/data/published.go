package data

import (
	_ "embed"
	"encoding/json"
	"os"
	"strings"
)

// publishedFiles lists the bundles of results/published, with their sizes and checksums; results/published/regenerate.sh
// writes it.
//
//go:embed published.json
var publishedFiles []byte

// Mirrors is the environment variable that names where copies of the published bundles are: addresses of folders, separated
// by spaces. A clone of noisebench has them in results/published.
const Mirrors = "NOISEBENCH_MIRRORS"

// Published are the bundles of runs that the noisebench developers publish, to be ranked against.
var Published = &Set{
	Name:    "published",
	Doc:     "published bundles of runs, for bench run --baselines",
	Source:  "the noisebench developers",
	Licence: "MIT",
	Files:   listed(publishedFiles),
	mirrors: addresses(os.Getenv(Mirrors)),
}

func listed(text []byte) (files []File) {
	if err := json.Unmarshal(text, &files); err != nil {
		panic("data: published.json: " + err.Error()) // a test reads it
	}
	return files
}

// addresses makes each address one that a file's name can be put behind.
func addresses(text string) (list []string) {
	for _, address := range strings.Fields(text) {
		list = append(list, strings.TrimSuffix(address, "/")+"/")
	}
	return list
}
