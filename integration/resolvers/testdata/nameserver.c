/* Prints the IPv4 nameservers that res_ninit(3) finds in /etc/resolv.conf. */
#include <arpa/inet.h>
#include <resolv.h>
#include <stdio.h>

int main(void)
{
	struct __res_state state = { 0 };
	char text[INET_ADDRSTRLEN];

	if (res_ninit(&state))
		return 1;
	for (int i = 0; i < state.nscount; i++)
		if (state.nsaddr_list[i].sin_family == AF_INET)
			puts(inet_ntop(AF_INET, &state.nsaddr_list[i].sin_addr, text, sizeof text));
	return 0;
}
