// Package safefile opens, reads and writes files in places where somebody else may have put something in the way: a
// container that owns its /etc/hosts, a user of the host with a directory there, another runtime in the same store.
//
// The programs run as root, so each way of opening a file by its path alone is an attack on the host or on the other
// containers, and each has its answer here:
//
//   - A symbolic link leads root's write to a file of the host. The last element of a path is never followed (O_NOFOLLOW),
//     and in a root directory that is not trusted no element leads out of it, see OpenIn.
//   - A hard link is a second name of somebody else's file, which an O_NOFOLLOW does not see. A file has to have one name.
//   - A FIFO without a reader, a device, or a lease (fcntl(2)) on the file makes open(2) wait for as long as its owner
//     likes. Nothing is waited for (O_NONBLOCK), and what is not a regular file is refused with ErrNotRegular.
//   - A sparse file of a terabyte costs its owner nothing, and its reader all memory. Every read has a limit.
//   - A flag such as chattr +i keeps even root from removing a file. Remove takes it off.
//
// Replace writes a file that nobody has open or mounted, or that can be made again. Overwrite writes one that is mounted,
// of which the inode has to stay. Those that read or write piece by piece begin with Open or, where a container's start
// pays for every allocation, with Descriptor.
//
// A reader goes on with pkg/etchosts, which edits a mounted hosts file under its reader's eyes, or with pkg/hostsstore,
// which says what lies where in the data directory and with which mode.
package safefile
