package podman

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// runRecorder is the CNI plugin recorder. It passes the result on, and writes a line for each ADD and DEL to the file log in
// its configuration's directory dir: command, network, interface, container ID, CNI_ARGS and capability arguments.
func runRecorder() error {
	var conf struct {
		Name, Dir     string
		RuntimeConfig json.RawMessage
		PrevResult    json.RawMessage
	}
	if err := json.NewDecoder(os.Stdin).Decode(&conf); err != nil {
		return err
	}
	command := os.Getenv("CNI_COMMAND")
	if command == "VERSION" {
		_, err := fmt.Println(`{"cniVersion":"1.0.0","supportedVersions":["1.0.0"]}`)
		return err
	}
	log, err := os.OpenFile(filepath.Join(conf.Dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(log, command, conf.Name, os.Getenv("CNI_IFNAME"), os.Getenv("CNI_CONTAINERID"),
		os.Getenv("CNI_ARGS"), string(conf.RuntimeConfig)); err != nil {
		return err
	}
	if command == "ADD" {
		_, err = os.Stdout.Write(conf.PrevResult)
	}
	return err
}
