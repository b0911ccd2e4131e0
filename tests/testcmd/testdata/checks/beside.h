#define BESIDE 5
