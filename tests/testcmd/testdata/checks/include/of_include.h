#define OF_INCLUDE 6
