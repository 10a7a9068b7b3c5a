"""Guests as plain QEMU processes, controlled by QMP.

driver.py       implements the interface of ../base.py
guest.py        the files of one guest, and its state that they show
process.py      start, find and end a guest's process
command.py      the command line
monitor.py      QMP for threads; hotplug.py: attach and detach NICs while the guest runs
events.py       the event log of a guest's process
console.py      the log of the serial console
disks.py        overlays, ephemeral and swap disks; configdrive.py: the config drive
acceleration.py choose KVM if a test shows that it works; smoke.py: the firmware for the test
host.py         the resources of this host; programs.py: run programs with limits
"""
