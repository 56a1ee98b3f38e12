package catalogue_test

import (
	"context"
	"fmt"
	"os"

	"noisebench/plugins/catalogue"
)

// Definitions are found by their names; of an unknown one, the near names are suggested.
func ExampleOpen() {
	cache, err := os.MkdirTemp("", "cache")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(cache)
	os.Setenv("XDG_CACHE_HOME", cache) // fingerprints are kept there
	os.Setenv("PATH", "")              // no plugin is found
	os.Setenv("HOME", cache)

	c, err := catalogue.Open(context.Background(), catalogue.Options{})
	if err != nil {
		panic(err)
	}
	defer c.Close()
	adam, err := c.Optimizer("adam")
	if err != nil {
		panic(err)
	}
	fmt.Println(adam.Name, "of plugin", adam.Origin.Plugin)
	_, err = c.Problem("rosenbrok")
	fmt.Println(err)
	// Output:
	// adam of plugin built-in
	// unknown problem "rosenbrok"; did you mean rosenbrock?
}
