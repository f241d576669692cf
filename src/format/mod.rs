//! Bytes to trees and back, one folder a syntax.
