"""Protobuf as registries read it: parsed, written again in their own layout, linked and compared, without a compiler.

A parsed file is a FileDescriptorProto that is not linked: types are named as they were written, and options are
uninterpreted ones.
"""
